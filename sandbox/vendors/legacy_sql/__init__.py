"""The old shop's database, in a running PostgreSQL server, with a login of few rights."""

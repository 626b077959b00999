"""The old shop's database: a real one, in a PostgreSQL that is there already, with a login that may do little."""

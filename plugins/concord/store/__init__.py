"""PostgreSQL: transactions, tables, the ledger and its migrations."""

"""The report of a night: read from the books, shown on a terminal or as one page that needs nothing else."""

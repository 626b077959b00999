"""The report of a night: read from the warehouse, shown on a terminal or as one HTML page."""

"""The step report: the page of a night."""

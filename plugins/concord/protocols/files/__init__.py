"""Flat files: layouts as declarations, folders near and far, readers and writers of runs of records."""

"""Databases as systems: readers and writers that speak SQL, whichever dialect the address names."""

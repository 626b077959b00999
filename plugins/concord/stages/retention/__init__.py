"""The step retention: drops what the warehouse no longer keeps, and makes room for the nights to come."""

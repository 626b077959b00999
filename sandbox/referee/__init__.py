"""Judges the demo's nights: compares what the systems hold afterwards with the true world."""

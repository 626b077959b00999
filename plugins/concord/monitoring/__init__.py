"""Alarms: what an operator must know about the nights."""

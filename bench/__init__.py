"""Measures what the README promises: `make bench` runs it and prints a table."""

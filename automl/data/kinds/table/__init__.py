"""Rows of a table: columns by their names."""

"""Rows of arrays: a block of numbers each."""

"""Benchmarks of this project, by itself and side by side with its peers; not shipped."""

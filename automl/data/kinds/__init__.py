"""The kinds of rows: each a folder with everything that follows from what a row is."""

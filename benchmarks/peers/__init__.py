"""The same searches in this project and in its peers, one process a search."""

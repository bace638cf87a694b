"""The functions of truth and predictions that the metrics of the vocabulary are."""

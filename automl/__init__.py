"""Hyperparameter search and AutoML for Keras: from a table to a leaderboard to an exported model."""

"""Which rows train and which validate: holdout, folds, groups, time."""

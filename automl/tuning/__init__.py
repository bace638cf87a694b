"""Which trial next: the driver, the study with its samplers and pruners, budgets, baselines."""

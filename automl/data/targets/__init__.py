"""What is to be learnt: the task that target columns ask for, and their values."""

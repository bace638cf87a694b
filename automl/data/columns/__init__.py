"""What a column of values is and how it is read: numbers, dates, times, categories."""

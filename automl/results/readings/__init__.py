"""The leaderboard read by others: each file in this folder is one form of it."""

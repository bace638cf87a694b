"""The built-in search spaces, each one file, plugged in as a user's own."""

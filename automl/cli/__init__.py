"""The console command: each command parses what was typed, calls the API and prints."""

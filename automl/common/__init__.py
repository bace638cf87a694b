"""Small things that several rooms need, each once."""

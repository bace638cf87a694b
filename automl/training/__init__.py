"""One trial: from a configuration to a trained, scored and saved core model."""

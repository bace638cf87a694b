"""From a file, a frame or arrays to split, preprocessed rows: sources, schema, task, splits."""

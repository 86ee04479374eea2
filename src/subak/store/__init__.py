"""What is kept: documents, files, readings, keys."""

"""Whether bytes are what was announced."""

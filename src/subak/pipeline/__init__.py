"""The sentence: identify, classify, admit, resolve, verify, serve, meter."""

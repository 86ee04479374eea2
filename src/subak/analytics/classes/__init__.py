"""Which purpose each stream has: a client and the software that it runs."""

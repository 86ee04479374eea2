"""What readings say, offline."""

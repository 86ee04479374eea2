"""The gateway as a server: the door, the ordinary way, our own pages."""

"""Pages for people, over reports."""

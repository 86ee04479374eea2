"""How well purposes are found: worlds with planted truth, and the confusion table."""

"""What is said about traffic: named measures over the tables of an analysis, the same on every engine."""

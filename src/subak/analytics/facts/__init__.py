"""The facts of a log: numbers for who asked and what for, in tables that measures, classes and reports share."""

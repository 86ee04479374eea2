"""Subak: one river of packages, fairly shared."""

__version__ = "0.1.0"

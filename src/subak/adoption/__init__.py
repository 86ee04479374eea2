"""Bringing clients here."""

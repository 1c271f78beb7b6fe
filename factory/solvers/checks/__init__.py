"""Checks of a rationale that need no gold answer."""

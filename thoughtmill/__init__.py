"""Thoughtmill: a factory of verified thoughts for mathematics."""

__version__ = "0.2.0"

"""Thoughtmill: a factory of verified thoughts for mathematics."""

from thoughtmill.factory.core import extras

__version__ = "0.2.0"

extras.install_hook()

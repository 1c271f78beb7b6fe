"""Answers written as mathematics, in LaTeX or plain: how they are read, written and compared."""

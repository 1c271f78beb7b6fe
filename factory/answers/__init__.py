"""Answers: how an answer is read from text, written canonically and compared."""

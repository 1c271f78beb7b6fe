"""Solvers: run a program, solve equations, check steps, read an answer; all fenced."""

"""What `factory.solvers.equations` is made of: reading equations and solving their systems."""

"""What `factory.solvers.programs` is made of: finding, screening and fencing programs."""

"""Measuring: how often a policy is right, what it costs, and which mistakes students make."""

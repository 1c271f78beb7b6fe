"""Measuring: how often a policy is right, at what cost, and which mistakes students make."""

"""The registry of thoughts: one module per kind of rationale."""

"""The dataset factory: one stage is one module of the same name."""

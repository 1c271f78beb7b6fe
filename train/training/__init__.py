"""Training: the settings, the plan and the loop of a run."""

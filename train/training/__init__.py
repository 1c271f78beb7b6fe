"""Training: what a run learns, in which order, and the loop that learns it."""

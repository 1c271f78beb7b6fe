"""Problem sets: where their rows come from, how a row is read, and the set that is built in."""

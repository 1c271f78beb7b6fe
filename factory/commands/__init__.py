"""What `thoughtmill` does: one module per command."""

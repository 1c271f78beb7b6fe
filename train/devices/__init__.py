"""Devices: CUDA graphs, and how well a run uses its device."""

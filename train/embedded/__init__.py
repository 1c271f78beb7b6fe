"""The student that needs no download: its base, and how the base is trained."""

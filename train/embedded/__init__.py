"""The embedded student, which needs no download: its base, and how the base is trained."""

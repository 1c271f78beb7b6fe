"""Plumbing that every stage uses: errors, files, parameters, progress, tables and the journal."""

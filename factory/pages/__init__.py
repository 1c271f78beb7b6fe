"""The sections of the report: one idea a module, each a function from the corpus in DuckDB to HTML.

To add a section, write a module with a function that returns a `Section`, its template beside the others, and
its line in `factory.report.page`.
"""

"""The sections of the report: one idea a module, each a function from the corpus in DuckDB to HTML.

To add a section, write a module with a function that returns a `ReportSection`, its template beside the rest
and its line in `factory.report.page`.
"""

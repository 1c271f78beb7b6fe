"""How work is spread over processes: one module per executor."""

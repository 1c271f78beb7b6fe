"""The engine behind the teachers that call an endpoint: what is sent, when, and what comes back."""

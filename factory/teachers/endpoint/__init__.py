"""The engine of the teachers that call an endpoint: it sends requests, and parses and stores responses."""

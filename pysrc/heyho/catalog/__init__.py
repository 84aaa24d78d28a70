"""Search and figures over everything recorded. Decisions only; no browser."""

"""The dashboard: history and figures."""

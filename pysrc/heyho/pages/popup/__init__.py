"""The popup."""

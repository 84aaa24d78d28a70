"""Heyho: a person's browsing history, recorded in their browser and kept on their own server."""

"""Heyho's server: takes the visits that the browser sends, and keeps them."""

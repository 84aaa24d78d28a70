"""The page of past syncs."""

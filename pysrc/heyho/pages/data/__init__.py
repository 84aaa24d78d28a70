"""The page of a person's data."""

"""Files of everything that a person has: written and read back."""

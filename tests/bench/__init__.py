"""The bench: how long a sync takes, next to what it could take at best, and to what others take."""

"""What can be done with a database beside serving it; each module is one command."""

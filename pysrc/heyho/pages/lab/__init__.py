"""The strategy lab's page."""

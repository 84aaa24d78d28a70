"""What people sign in with, and what their browsers are called."""

"""In-memory twins of every port, and an event loop whose clock jumps. For tests only."""

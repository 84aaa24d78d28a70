"""Rate limits: what they are, who is counted, and where."""

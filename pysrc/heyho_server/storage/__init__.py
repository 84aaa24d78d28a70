"""Where visits are kept: one database, reached through SQLAlchemy Core."""

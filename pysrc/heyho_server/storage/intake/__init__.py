"""Taking in what syncs bring, on each kind of database."""

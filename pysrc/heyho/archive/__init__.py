"""What a person does with their whole history: import, export, delete, retain. Pure."""

"""Between files, store and algorithms."""

"""Pages only lay out."""

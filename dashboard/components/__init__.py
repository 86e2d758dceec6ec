"""Pieces of pages, made of library components."""

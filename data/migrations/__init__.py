"""Alembic migrations of both homes."""

"""Migrations of the supervision database; each runs once, in order, at the start of whoever opens it."""

"""Runs the portal on one machine: embedded PostgreSQL, keys, supervisor. Nothing here is used in production."""

"""Rules of complaints; no database."""

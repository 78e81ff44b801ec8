"""Retention: terms as data, legal holds, and the destruction of what nobody may keep any longer."""

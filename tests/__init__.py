"""Tests that need the whole portal; those of one room live in the room."""

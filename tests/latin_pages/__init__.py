"""Tests that walk over every page in one world of Latin data, which is made once for all of them."""

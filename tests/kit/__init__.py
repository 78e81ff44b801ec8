"""What tests of the whole portal share."""

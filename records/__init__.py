"""Floor 7: settlement records of the medical insurance bureau, and what covered people were never paid (应赔未赔)."""

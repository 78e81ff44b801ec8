"""Floor 7: payouts that an insurer reports, recalculated, approved, kept."""

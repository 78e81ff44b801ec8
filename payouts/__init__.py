"""Payouts: money that leaves to people by batches of bank transfers, approved by others than their maker, answered by the bank."""

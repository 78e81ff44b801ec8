"""What people do with target populations."""

from takeup.actions.targets import approve_targets, decline_target, propose_targets, withdraw_target

__all__ = ["approve_targets", "decline_target", "propose_targets", "withdraw_target"]

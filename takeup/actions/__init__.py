"""What people do with target populations and lists of participants."""

from takeup.actions.participants import LISTS, upload_participants
from takeup.actions.targets import approve_targets, decline_target, propose_targets, withdraw_target

__all__ = ["LISTS", "approve_targets", "decline_target", "propose_targets", "upload_participants", "withdraw_target"]

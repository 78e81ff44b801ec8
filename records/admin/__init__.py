"""Pages of this room."""

from records.admin.lists import RecordListAdmin
from records.admin.proposals import ProposalAdmin

__all__ = ["ProposalAdmin", "RecordListAdmin"]

"""The nouns of the room, one file each."""

from gates.models.notice import WHITELIST, Notice, NoticeLine, NoticeState
from gates.models.objection import Objection, ObjectionReason, ObjectionState

__all__ = ["WHITELIST", "Notice", "NoticeLine", "NoticeState", "Objection", "ObjectionReason", "ObjectionState"]

"""What people do with lists of earlier years."""

from continuity.actions.lists import LISTS, upload_earlier

__all__ = ["LISTS", "upload_earlier"]

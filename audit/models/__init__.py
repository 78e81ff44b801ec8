"""The nouns of the room, one file each."""

from audit.models.events import Event, Seal, UnsealedEvent
from audit.models.keys import DataKey
from audit.models.reveals import Reveal

__all__ = ["DataKey", "Event", "Reveal", "Seal", "UnsealedEvent"]

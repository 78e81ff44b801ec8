"""The nouns of the room, one file each."""

from outreach.models.sending import Reach, Sending, SendingLine, SendingPart, SendingState
from outreach.models.wording import MessageWording, NameForm, Topic, WordingState

__all__ = [
    "MessageWording", "NameForm", "Reach", "Sending", "SendingLine", "SendingPart", "SendingState", "Topic", "WordingState",
]

"""The nouns of the room, one file each."""

from outreach.models.report import DeliveryReport, DeliveryReportChunk, DeliveryReportFile, DeliveryReportRow
from outreach.models.sending import Outcome, Reach, Sending, SendingLine, SendingPart, SendingState
from outreach.models.wording import MessageWording, NameForm, Topic, WordingState

__all__ = [
    "DeliveryReport", "DeliveryReportChunk", "DeliveryReportFile", "DeliveryReportRow", "MessageWording", "NameForm", "Outcome",
    "Reach", "Sending", "SendingLine", "SendingPart", "SendingState", "Topic", "WordingState",
]

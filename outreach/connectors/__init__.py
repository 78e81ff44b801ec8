"""Connectors: what takes messages on. The settings choose one by its dotted name, as Django does with its backends.

A connector of one's own is a class with `send(batch) -> Taken`. Where it is killed after a batch has gone out, the same batch
comes again under the same key: a connector sends it no second time. `contract.py` says it as a test that each must pass.

The way back is a file of delivery results by our references, taken in as any import (`reporting`). A connector whose gateway uses
words of its own names them: `result_words`, word -> "delivered", "failed" or "unknown".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Message(NamedTuple):
    """One message: our reference of it, where it goes, what it says."""

    reference: str
    phone: str
    text: str


@dataclass(frozen=True)
class Batch:
    """Messages that go together. The key is the same whenever the same batch comes again."""

    key: str
    #: Where a connector that keeps files keeps them.
    folder: str
    messages: Sequence[Message]
    #: Hours of the day, in the portal's own time, between which they may go out.
    earliest_hour: int
    latest_hour: int


@dataclass(frozen=True)
class Taken:
    """What a connector says of a batch: how many messages it has, and where, or under which name."""

    messages: int
    storage_key: str = ""
    size: int = 0
    reference: str = ""


class Connector(Protocol):
    """Takes batches on."""

    def send(self, batch: Batch) -> Taken:
        """Take a batch; one that was taken before is not sent again."""
        ...


#: What any gateway's report may say of a message, and what we call it; the way back of every connector.
RESULT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("送达", "已送达", "成功", "发送成功", "接收成功", "DELIVRD", "SUCCESS"), "delivered"),
    **dict.fromkeys(
        ("失败", "发送失败", "未送达", "接收失败", "UNDELIV", "REJECTD", "EXPIRED", "DELETED", "FAIL", "FAILED"), "failed"
    ),
    **dict.fromkeys(("未知", "待回执", "发送中", "已提交", "UNKNOWN", "ACCEPTD", "ENROUTE"), "unknown"),
}


def result_words() -> Mapping[str, str]:
    """Words of reports -> "delivered", "failed" or "unknown": the common ones, and `result_words` of the settings' connector."""
    return {**RESULT_WORDS, **getattr(connector_class(), "result_words", {})}


def connector_class() -> type[Connector]:
    """The one that the settings name."""
    found: type[Connector] = import_string(settings.MESSAGE_CONNECTOR)
    return found


def connector() -> Connector:
    """One of it."""
    return connector_class()()

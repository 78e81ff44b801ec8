"""What every connector must do, as a test: call `keeps_the_contract` with yours and what reads back what it sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outreach.connectors import Batch, Connector, Message, Taken

#: Reads back the messages that go out for what was taken: reference and telephone of each, in any order.
Sent = Callable[[Sequence[Taken]], list[tuple[str, str]]]


def keeps_the_contract(connector: Connector, *, sent: Sent, folder: str, key: str) -> None:
    """AssertionError where a batch is lost, cut short, or sent twice when it comes again."""
    messages = [Message(f"{key}-{number}", f"1380013800{number}", f"【示例】第{number}条,“引号”,\n换行") for number in (1, 2, 3)]
    first = Batch(f"{key}-1", folder, messages[:2], 8, 20)
    second = Batch(f"{key}-2", folder, messages[2:], 8, 20)
    lost, again, last = connector.send(first), connector.send(first), connector.send(second)
    if (lost.messages, again.messages, last.messages) != (2, 2, 1):
        raise AssertionError("a connector says how many messages it has taken, however often the batch comes")
    strange = set(getattr(connector, "result_words", {}).values()) - {"delivered", "failed", "unknown"}
    if strange:
        raise AssertionError(f"a report says delivered, failed or unknown, not {sorted(strange)}")
    # Of a batch that came twice the portal keeps the later answer alone.
    found = sorted(sent([again, last]))
    if found != sorted((each.reference, each.phone) for each in messages):
        raise AssertionError(f"not each message once: {found}")

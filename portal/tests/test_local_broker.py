"""The doorbell of one machine: no message is seen before it is whole, and a spoilt one stops nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from portal.celery import app
from portal.local import broker


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Any]:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "control")}
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_the_portals_folder_is_spoken_to_by_this_transport(channel: Any) -> None:
    assert app.main == "portal"
    assert isinstance(channel, broker.Channel)


def test_a_worker_that_looks_while_a_message_is_written_sees_none(
    channel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    rename = Path.replace

    def looked_at(part: Path, whole: Path) -> None:
        with pytest.raises(Empty):
            channel._get("celery")
        seen.append([path.suffix for path in tmp_path.iterdir() if path.is_file()])
        rename(part, whole)

    monkeypatch.setattr(Path, "replace", looked_at)
    channel._put("celery", {"body": "甲"})
    assert seen == [[".part"]]
    assert channel._get("celery") == {"body": "甲"}
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_spoilt_message_is_none_and_the_next_one_comes(channel: Any, tmp_path: Path) -> None:
    (tmp_path / f"{0:020}_a.celery.msg").write_bytes(b"")
    (tmp_path / f"{1:020}_b.celery.msg").write_bytes(b'{"body": ')
    channel._put("celery", {"body": 1})
    for _spoilt in range(2):
        with pytest.raises(Empty):
            channel._get("celery")
    assert channel._get("celery") == {"body": 1}


def test_messages_come_in_the_order_they_were_written_though_their_times_grow_by_a_digit(
    channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for time in (9_000_000, 10_000_000, 100_000_000):
        monkeypatch.setattr(broker, "time_ns", lambda time=time: time)
        channel._put("celery", time)
    assert [channel._get("celery") for _message in range(3)] == [9_000_000, 10_000_000, 100_000_000]


def test_each_queue_has_its_own_messages(channel: Any) -> None:
    channel._put("other", "theirs")
    channel._put("celery", "ours")
    assert channel._get("celery") == "ours"
    with pytest.raises(Empty):
        channel._get("celery")
    assert channel._get("other") == "theirs"

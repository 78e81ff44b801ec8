"""Every connector keeps the contract; one that loses or doubles messages is found by it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest

from intake import storage
from outreach.checks import connector_is_one
from outreach.connectors import Batch, Taken
from outreach.connectors.console import ConsoleConnector
from outreach.connectors.contract import keeps_the_contract
from outreach.connectors.files import FileConnector

pytestmark = pytest.mark.django_db


def of_files(taken: Sequence[Taken]) -> list[tuple[str, str]]:
    found = []
    for each in taken:
        with storage.opened(each.storage_key, each.size) as source:
            rows = list(csv.reader(io.StringIO(source.read().decode("utf-8-sig"))))
        assert rows[0] == ["手机号", "短信内容", "编号", "发送时段"]
        found += [(row[2], row[0]) for row in rows[1:]]
    return found


def test_files_keep_the_contract() -> None:
    keeps_the_contract(FileConnector(), sent=of_files, folder="sendings/2026/contract", key="f")
    for key in storage.keys_within("sendings/2026/contract"):
        storage.remove(key)


def test_the_console_keeps_the_contract_and_shows_no_telephone_and_no_text(monkeypatch: Any) -> None:
    monkeypatch.setattr(ConsoleConnector, "taken", {})
    stream = io.StringIO()

    def sent(_taken: Sequence[Taken]) -> list[tuple[str, str]]:
        return [(line.split()[0], f"1380013800{line.split()[0][-1]}") for line in stream.getvalue().splitlines()]

    keeps_the_contract(ConsoleConnector(stream), sent=sent, folder="", key="c")
    assert stream.getvalue().splitlines() == ["c-1 138****8001 16", "c-2 138****8002 16", "c-3 138****8003 16"]


def test_a_connector_that_sends_a_batch_twice_breaks_the_contract() -> None:
    gone: list[tuple[str, str]] = []

    class Doubling:
        """Sends whatever comes."""

        def send(self, batch: Batch) -> Taken:
            """Again and again."""
            gone.extend((each.reference, each.phone) for each in batch.messages)
            return Taken(len(batch.messages), reference=batch.key)

    with pytest.raises(AssertionError, match="not each message once"):
        keeps_the_contract(Doubling(), sent=lambda _taken: gone, folder="", key="d")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("outreach.connectors.files.FileConnector", []), ("outreach.connectors.no.Such", ["outreach.E001"]),
        ("outreach.connectors.Message", ["outreach.E002"]),
    ],
)
def test_a_connector_that_is_none_is_told_at_start(settings: Any, name: str, found: list[str]) -> None:
    settings.MESSAGE_CONNECTOR = name
    assert [each.id for each in connector_is_one()] == found

"""Every verb that the code records has a sentence, in both languages, that its data can fill."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.translation import override

from audit import events
from beneficiaries.template import ROSTER
from continuity.earlier import EARLIER
from filings.template import CLAIM_FILE
from gates.matching import STATEMENT
from handover.answers import RECEIPT
from handover.charging import INVOICE
from outreach.reporting import ReportTemplate
from payouts.returns import RETURN
from records.template import RECORDS
from results.template import REPORT
from takeup.participants import PARTICIPANTS
from tests.kit.verbs import recorded

ROOT = Path(settings.BASE_DIR)
ROOMS = sorted(config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT)
#: What "*" stands for: the keys of intake's templates.
TEMPLATE_KEYS = (
    ROSTER.key, STATEMENT.key, RECEIPT.key, INVOICE.key, RETURN.key, ReportTemplate.key, PARTICIPANTS.key, EARLIER.key,
    REPORT.key, RECORDS.key, CLAIM_FILE.key,
)


@cache
def verbs_of(room: str) -> set[str]:
    found = recorded(ROOT / room)
    return {verb.replace("*", key) for verb in found for key in TEMPLATE_KEYS}


@pytest.mark.parametrize("room", ROOMS)
def test_each_verb_that_a_room_records_has_a_sentence(room: str) -> None:
    assert sorted(verbs_of(room) - events.known_verbs()) == [], "add them to the room's verbs.py"


def test_the_verbs_of_helpers_and_templates_are_found() -> None:
    assert {"user.signed_in", "organization.closed", "second_factor.locked", "membership.ended"} <= verbs_of("accounts")
    assert {"export.made", "export.downloaded", "export.refused", "export.purged"} <= verbs_of("exports")
    assert {"roster.received", "roster.approved", "roster.chunk_applied", "file.purged"} <= verbs_of("intake")
    assert {"job.queued", "job.requeued"} <= verbs_of("jobs")
    assert "personal_data.revealed" in verbs_of("audit")


def test_no_sentence_is_kept_for_a_verb_that_nobody_records() -> None:
    assert sorted(events.known_verbs() - {verb for room in ROOMS for verb in verbs_of(room)}) == []


@pytest.mark.parametrize("verb", sorted(events.known_verbs()))
def test_a_sentence_is_said_in_chinese_with_the_same_places(verb: str) -> None:
    template = events._sentences[verb]
    with override("en"):
        english = str(template)
    with override("zh-hans"):
        chinese = str(template)
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert sorted(re.findall(r"%\(\w+\)[sd]", english)) == sorted(re.findall(r"%\(\w+\)[sd]", chinese))

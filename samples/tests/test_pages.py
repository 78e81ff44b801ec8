"""Pages of the room: drawn, looked at, noted, gathered, fetched, each by its clicks; names stay masked."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.testing import World, applied, make_world, people
from jobs.testing import drain
from samples.models import EvidenceBundle, Finding, Sample
from samples.testing import SEED, drawn
from samples.writing import cover_of

pytestmark = pytest.mark.django_db


def made() -> World:
    """Six covers in force."""
    world = make_world()
    applied(world, people(6))
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def page(name: str, row: Any = None) -> str:
    return reverse(f"admin:samples_{name}", args=[] if row is None else [row.pk])


def test_an_auditor_draws_looks_notes_finishes_and_prints(kept_world: World) -> None:
    world = kept_world
    auditor, clerk = signed_in(world.auditor), signed_in(world.clerk)
    given = {
        "program": world.program.pk, "organization": world.city.pk, "stratum": "none", "size": 2, "seed": SEED,
        "purpose": "年度抽查",
    }
    assert clerk.post(page("sample_draw"), given).status_code == 403
    wrong = auditor.post(page("sample_draw"), {**given, "seed": "短"})
    assert "种子须为" in wrong.content.decode() and not Sample.objects.exists()
    assert auditor.post(page("sample_draw"), given).status_code == 302
    sample = Sample.objects.get()
    first, second = sample.items.order_by("position")
    shown = text_of(auditor.get(page("sample_change", sample)))
    for word in (SEED, sample.digest, sample.population_digest, first.number, "如何复抽", "已核查 0 / 2，问题 0 项"):
        assert word in shown, word
    cover: Any = cover_of(first)
    proof = text_of(auditor.get(page("sampleitem_change", first)))
    assert cover.person.name.reveal() not in proof and cover.person.document.reveal() not in proof
    for word in (str(cover.person.document), "文件中的行", "名册.csv", cover.roster.approved_digest, second.number[:-4]):
        assert word in proof, word
    assert clerk.get(page("sampleitem_change", first)).status_code in (403, 404)
    refused = auditor.post(page("sampleitem_note_down", first), {"finding": "fault", "note": ""})
    assert (refused.status_code, "请填写发现的问题" in refused.content.decode()) == (409, True)
    for item, finding, note in ((first, "fault", "类别不符"), (second, "correct", "")):
        assert auditor.post(page("sampleitem_note_down", item), {"finding": finding, "note": note}).status_code == 302
    assert auditor.post(page("sample_finish", sample), {"conclusion": "一项差错"}).status_code == 302
    report = text_of(auditor.get(page("sample_report", sample)))
    assert "类别不符" in report and "一项差错" in report and "<script" not in report
    assert sample.items.filter(finding=Finding.OPEN).count() == 0


def test_evidence_is_asked_for_approved_by_the_person_in_charge_and_fetched(kept_world: World) -> None:
    world = kept_world
    auditor = signed_in(world.auditor)
    officer = signed_in(make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN))
    sample = drawn(world)
    assert auditor.post(page("sample_gather", sample)).status_code == 302
    assert auditor.post(page("sample_ask_clear", sample), {"purpose": "移送纪检"}).status_code == 302
    masked, clear = EvidenceBundle.objects.order_by("pk")
    assert "移送纪检" in text_of(officer.get(page("evidencebundle_change", clear)))
    assert auditor.post(page("evidencebundle_approve", clear)).status_code == 403
    assert officer.post(page("evidencebundle_approve", clear)).status_code == 302
    drain()
    assert officer.post(page("evidencebundle_download", clear)).status_code == 403
    person: Any = cover_of(sample.items.earliest("position")).person
    for bundle, told in ((masked, False), (clear, True)):
        answer = auditor.post(page("evidencebundle_download", bundle))
        with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[attr-defined]
            whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert (person.document.reveal() in whole) is told


def test_pages_of_samples_ask_as_many_questions_with_more_covers(kept_world: World) -> None:
    client, counted = signed_in(kept_world.auditor), []
    for size in (2, 6):
        sample = drawn(kept_world, size=size)
        for address in (
            page("sample_changelist"), page("sample_change", sample), page("sampleitem_changelist"), page("sample_report", sample),
        ):
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                text_of(client.get(address))
            counted.append(len(asked))
    assert counted[:4] == counted[4:]

"""Certificates as files: what stands on them, rare characters of names, the square code, one PDF a village."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import end_membership
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from jobs.models import Job
from jobs.testing import drain
from papers import actions, codes
from papers.certificate import squares_of
from papers.errors import PapersRefused
from papers.models import PrintedPart, Printing
from papers.testing import OPEN, PURPOSE, approved, asked, covers, worded
from papers.tests.reading import lines_of, pages_of, squares_in
from portal.verify import check_all

pytestmark = pytest.mark.django_db
VILLAGE, TOWN = "441602001001", "441602001"
NAMES = ("𠮷田喆", "㐂䶮堃", "阿卜杜热西提·买买提")


def made() -> World:
    """Three people of a village with rare names, two of its town, all covered."""
    world = make_world(**OPEN)
    rows = [*people(3), *people(2, first=10)]
    for line, name in zip(rows[:3], NAMES, strict=True):
        line[0], line[5] = name, VILLAGE
    for line in rows[3:]:
        line[5] = TOWN
    applied(world, rows)
    worded(world)
    return world


_django_db_helper, one_world, kept_world = shared(made)


def code_of(refused: Any) -> str:
    return refused.value.code


def printed(world: World, cover: Enrollment, **changes: Any) -> actions.Handed:
    values: dict[str, Any] = {"purpose": PURPOSE, "by": world.clerk, "at": timezone.now(), **changes}
    return actions.print_certificate(cover, **values)


def named(world: World, name: str) -> Enrollment:
    return next(cover for cover in covers(world) if cover.person.name.reveal() == name)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_a_certificate_says_whose_cover_it_is_in_full_and_the_document_masked(kept_world: World, settings: Any) -> None:
    settings.PUBLIC_URL = "https://portal.example.org"
    cover = named(kept_world, NAMES[0])
    handed = printed(kept_world, cover)
    (lines,) = pages_of(handed.content)
    document = cover.person.document.reveal()
    year = kept_world.period.starts_on.year
    code = codes.coder("HY", year)(cover.number, cover.starts_at)
    assert {
        kept_world.program.name, "保 障 凭 证", f"凭证号 {cover.number}", "𠮷田喆", f"{document[:4]}**********{document[-4:]}",
        f"{year}年1月1日 至 {year}年12月31日", f"最高 {kept_world.plan.cover_limit:,.2f} 元", kept_world.insurer.name,
            "源城区民政局HY",
        f"校验码 {codes.grouped(code)}", "咨询电话：0762-3380000", "二、带上身份证、发票、清单、出院小结和银行卡。",
        "扫描二维码，或在 portal.example.org/c/ 输入凭证号和校验码，可查验本保障是否有效。",
    } <= set(lines)
    assert document not in "".join(lines)
    assert squares_in(handed.content) == squares_of(f"HTTPS://PORTAL.EXAMPLE.ORG/C/{cover.number}/{code}")
    event = Event.objects.get(verb="certificate.printed")
    assert (event.actor_id, event.subject_id) == (kept_world.clerk.pk, str(cover.pk))
    assert event.data == {"printing": handed.printing.pk, "purpose": PURPOSE}
    assert (handed.printing.state, handed.printing.size, handed.printing.folder) == ("sent", len(handed.content), "")
    assert broken() == []


def test_rare_characters_of_names_stand_on_the_paper_and_are_found_in_its_text(kept_world: World) -> None:
    for name in NAMES:
        content = printed(kept_world, named(kept_world, name)).content
        assert name in lines_of(content)
        # Embedded, not hoped for on the reader's machine.
        assert b"/FontFile3" in content and b"STSong" not in content


def test_nothing_of_a_name_is_written_to_the_log_while_it_is_drawn(kept_world: World, caplog: Any) -> None:
    with caplog.at_level(logging.INFO):
        printed(kept_world, covers(kept_world)[0])
    assert [record.name for record in caplog.records if record.name.startswith("fontTools")] == []


@pytest.mark.parametrize(
    ("state", "changes"), [("ended", {}), ("voided", {}), ("lapsed", {}), ("awaiting", {}), ("in_force", {"over": True})]
)
def test_only_a_cover_in_force_has_a_certificate(kept_world: World, state: str, changes: dict[str, Any]) -> None:
    cover = covers(kept_world)[0]
    Enrollment.objects.filter(pk=cover.pk).update(state=state)
    at = cover.ends_at if changes else timezone.now()
    with pytest.raises(PapersRefused) as refused:
        printed(kept_world, cover, at=at)
    assert code_of(refused) == "NOT_IN_FORCE"
    assert not Printing.objects.exists() and not Event.objects.filter(verb="certificate.printed").exists()


@pytest.mark.usefixtures("without_outlines")
def test_nobody_prints_beyond_their_place_without_a_purpose_or_a_wording_or_more_than_a_days_worth(
    kept_world: World, settings: Any
) -> None:
    cover = covers(kept_world)[0]
    stranger = kept_world.finance_maker
    for changes, code in (
        ({"by": stranger}, "OUT_OF_SCOPE"), ({"purpose": "补发"}, "PURPOSE"), ({"purpose": "补" * 301}, "PURPOSE_LONG"),
    ):
        with pytest.raises(PapersRefused) as refused:
            printed(kept_world, cover, **changes)
        assert code_of(refused) == code
    settings.PRINTS_PER_DAY = 1
    printed(kept_world, cover)
    with pytest.raises(PapersRefused) as refused:
        printed(kept_world, cover)
    assert code_of(refused) == "DAY_CAP"
    assert Printing.objects.count() == 1


def test_a_program_without_a_wording_prints_nothing(kept_world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("papers.covers.CertificateWording.objects.filter", lambda **_given: Printing.objects.none())
    with pytest.raises(PapersRefused) as refused:
        printed(kept_world, covers(kept_world)[0])
    assert code_of(refused) == "NO_WORDING"


def test_another_person_approves_and_the_archive_holds_a_pdf_for_each_village(kept_world: World) -> None:
    printing = asked(kept_world)
    assert (printing.state, printing.people, printing.villages, Job.objects.filter(kind="papers.write_printing").count()) == (
        "asked", 5, 2, 0,
    )
    with pytest.raises(PapersRefused) as refused:
        actions.approve_printing(printing, by=kept_world.clerk, at=timezone.now())
    assert code_of(refused) == "ANOTHER_APPROVES"
    job = actions.approve_printing(printing, by=kept_world.reviewer, at=timezone.now())
    assert (job.kind, job.done, job.total) == ("papers.write_printing", 0, 5)
    drain()
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.result) == ("done", 5, 5, {"people": 5, "villages": 2})
    printing.refresh_from_db()
    assert (printing.state, printing.people, printing.villages) == ("ready", 5, 2)
    with zipfile.ZipFile(io.BytesIO(b"".join(actions.open_printing(printing, by=kept_world.clerk, at=timezone.now())))) as book:
        assert book.testzip() is None
        assert book.namelist() == ["441602001 源城区上城街道.pdf", "441602001001 源城区上城街道公园社区.pdf"]
        pages = [pages_of(book.read(name)) for name in book.namelist()]
    assert [len(each) for each in pages] == [2, 3]
    assert sorted(name for lines in pages[1] for name in NAMES if name in lines) == sorted(NAMES)
    assert [event.verb for event in Event.objects.filter(subject_type="papers.printing").order_by("pk")] == [
        "printing.asked", "printing.approved", "printing.made", "printing.downloaded",
    ]
    assert Event.objects.get(verb="printing.made").data["people"] == 5
    assert broken() == []


def test_the_page_of_a_printing_shows_how_far_its_job_has_come(kept_world: World, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    printing = approved(kept_world)
    job = Job.objects.get(kind="papers.write_printing")
    Job.objects.filter(pk=job.pk).update(done=2)
    client = Client()
    client.force_login(kept_world.clerk, backend="accounts.backends.RoleBackend")
    page = client.get(reverse("admin:papers_printing_change", args=[printing.pk])).content.decode()
    assert f'data-live="job-{job.pk}-progress" data-live-on' in page and "jobs/refresh.js" in page
    assert 'max="5" value="2"></progress>' in page and "2 / 5 · 40%" in page


@pytest.mark.usefixtures("without_outlines")
def test_a_large_village_has_several_files_and_nobody_is_left_out_or_printed_twice(kept_world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("papers.writing.STRETCH", 2)
    printing = approved(kept_world)
    drain()
    parts = list(PrintedPart.objects.filter(printing=printing).values_list("number", "region_code", "stretch", "people"))
    assert parts == [(1, TOWN, 1, 2), (2, VILLAGE, 1, 2), (3, VILLAGE, 2, 1)]
    content = b"".join(actions.open_printing(Printing.objects.get(pk=printing.pk), by=kept_world.clerk, at=timezone.now()))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.namelist()[2] == "441602001001 源城区上城街道公园社区-2.pdf"
        numbers = [
            found for name in book.namelist() for found in re.findall(r"凭证号 (\S+)", "\n".join(lines_of(book.read(name))))
        ]
    assert sorted(numbers) == sorted(cover.number for cover in covers(kept_world))


@pytest.mark.usefixtures("without_outlines")
def test_covers_that_ended_since_it_was_asked_for_are_left_out(kept_world: World) -> None:
    printing = approved(kept_world)
    Enrollment.objects.filter(region_code=VILLAGE).update(state="voided")
    drain()
    printing.refresh_from_db()
    assert (printing.state, printing.people, printing.villages) == ("ready", 2, 1)
    nobody = approved(kept_world)
    Enrollment.objects.update(state="voided")
    drain()
    nobody.refresh_from_db()
    assert (nobody.state, nobody.folder != "", nobody.purge_on) == ("cancelled", True, timezone.localdate())
    with pytest.raises(PapersRefused) as refused:
        asked(kept_world)
    assert code_of(refused) == "NOBODY_COVERED"


@pytest.mark.usefixtures("without_outlines")
def test_the_file_is_for_whoever_asked_until_its_day_and_then_it_is_gone(kept_world: World) -> None:
    printing = approved(kept_world)
    at = timezone.now()
    with pytest.raises(PapersRefused) as refused:
        actions.open_printing(printing, by=kept_world.clerk, at=at)
    assert code_of(refused) == "STATE"
    drain()
    for by, when, code in (
        (kept_world.reviewer, at, "OWN_FILE"), (kept_world.clerk, at + timedelta(days=7), "EXPIRED"),
    ):
        with pytest.raises(PapersRefused) as refused:
            actions.open_printing(printing, by=by, at=when)
        assert code_of(refused) == code
    end_membership(kept_world.clerk.memberships.get(), by="system:test", at=at)
    with pytest.raises(PapersRefused) as refused:
        actions.open_printing(printing, by=kept_world.clerk, at=at)
    assert code_of(refused) == "RIGHT_LOST"
    assert not Event.objects.filter(verb="printing.downloaded").exists()
    assert actions.purge_printings(at=at + timedelta(days=6)) == 0
    assert actions.purge_printings(at=at + timedelta(days=7)) == 1
    printing.refresh_from_db()
    assert (printing.state, PrintedPart.objects.count()) == ("expired", 0)
    assert actions.purge_printings(at=at + timedelta(days=7)) == 0
    assert broken() == []


@pytest.mark.usefixtures("without_outlines")
def test_a_declined_printing_writes_nothing_and_a_cancelled_one_is_taken_back_by_whoever_asked(kept_world: World) -> None:
    printing = asked(kept_world)
    actions.decline_printing(printing, reason="范围过大", by=kept_world.reviewer, at=timezone.now())
    with pytest.raises(PapersRefused) as refused:
        actions.approve_printing(printing, by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "STATE"
    other = approved(kept_world)
    with pytest.raises(PapersRefused) as refused:
        actions.cancel_printing(other, by=kept_world.reviewer, at=timezone.now())
    assert code_of(refused) == "OWN_FILE"
    actions.cancel_printing(other, by=kept_world.clerk, at=timezone.now())
    drain()
    assert set(Printing.objects.values_list("state", flat=True)) == {"declined", "cancelled"}
    assert not PrintedPart.objects.exists()

"""Papers in archives: matched by their names, checked like a single paper, attached once, nothing lost when a run is killed."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.errors import Refused
from audit.faults import PlantedFault
from audit.testing import fault_at
from claims.models import Case, Paper
from claims.scanning import forget_scanners, register_scanner
from filings import actions
from filings.attaching import queue_waiting
from filings.errors import FilingsRefused
from filings.models import ClaimFile, PaperArchive, PaperEntry
from filings.tasks import read_archive
from filings.testing import PDF, PNG, approved, checked, filings, line, opened, outcomes, papers, zipped
from intake.actions import remove_orphans
from jobs.testing import drain

pytestmark = pytest.mark.django_db


def _refused(code: str, act: Any, *args: Any, **given: Any) -> None:
    with pytest.raises(Refused) as refused:
        act(*args, **given)
    assert refused.value.code == code


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_papers_find_their_claims_by_name_and_each_outcome_is_listed(encoding: str) -> None:
    world = filings()
    subject = opened(world, [line(world, 0, "BA1"), line(world, 1, "BA2")])
    archive = papers(world, subject, {
        "BA1/发票.pdf": PDF, "BA1/身份证.png": PNG, "ba2_出院小结.pdf": PDF + b"%", "BA1/发票副本.pdf": PDF,
        "BA1/清单.pdf": b"no paper", "BA1/处方.jpg": PDF, "BA9/发票.pdf": PDF, "BA1/": b"", "__MACOSX/BA1/._a.pdf": b"x",
        "BA2/大.pdf": b"%PDF-" + bytes(20_000_001),
    }, encoding=encoding)
    assert archive.state == "read"
    assert outcomes(archive) == {
        "BA1/发票.pdf": ("attached", "BA1", "invoice"), "BA1/身份证.png": ("attached", "BA1", "identity"),
        "ba2_出院小结.pdf": ("attached", "BA2", "record"), "BA1/发票副本.pdf": ("doubled", "BA1", "invoice"),
        "BA1/清单.pdf": ("refused", "BA1", "charges"), "BA1/处方.jpg": ("refused", "BA1", "prescription"),
        "BA9/发票.pdf": ("no_claim", "", "invoice"), "BA2/大.pdf": ("too_big", "BA2", "other"),
    }
    codes = dict(archive.entries.exclude(code="").values_list("kind", "code"))
    assert codes == {"invoice": "PAPER_TWICE", "charges": "PAPER_TYPE", "prescription": "PAPER_NAME", "other": "TOO_BIG"}
    first, second = Case.objects.order_by("pk")
    assert [(paper.kind, paper.name, paper.uploaded_by) for paper in first.papers.order_by("pk")] == [
        ("invoice", "发票.pdf", world.clerk), ("identity", "身份证.png", world.clerk),
    ]
    assert [paper.kind for paper in second.papers.all()] == ["record"]


def test_papers_that_come_with_the_file_wait_for_its_cases() -> None:
    world = filings()
    subject = checked(world, [line(world, 0, "BA1")])
    archive = papers(world, subject, {"BA1_发票.pdf": PDF, "BA7_发票.pdf": PDF})
    assert outcomes(archive) == {"BA1_发票.pdf": ("waiting", "BA1", "invoice"), "BA7_发票.pdf": ("no_claim", "", "invoice")}
    approved(world, subject)
    assert outcomes(archive)["BA1_发票.pdf"] == ("attached", "BA1", "invoice")
    assert Paper.objects.count() == 1


def test_papers_of_a_claim_that_another_file_opens_are_attached_by_the_clock() -> None:
    world = filings()
    subject = checked(world, [line(world, 0, "BA1"), line(world, 1, "BA2", name="赵六")])
    archive = papers(world, subject, {"BA2_发票.pdf": PDF})
    assert outcomes(archive) == {"BA2_发票.pdf": ("waiting", "BA2", "invoice")}
    assert queue_waiting(at=timezone.now()) == 0
    opened(world, [line(world, 1, "BA2")], name="F2")
    assert queue_waiting(at=timezone.now()) == 1
    drain()
    assert outcomes(archive) == {"BA2_发票.pdf": ("attached", "BA2", "invoice")}


def test_what_a_scanner_refuses_is_tried_again_when_it_is_asked_for() -> None:
    world = filings()
    subject = opened(world, [line(world, 0, "BA1")])
    register_scanner(lambda content, media_type: "Eicar")
    try:
        archive = papers(world, subject, {"BA1_发票.pdf": PDF})
    finally:
        forget_scanners()
    assert list(archive.entries.values_list("outcome", "code")) == [("refused", "PAPER_HARMFUL")]
    actions.match_again(archive, by=world.clerk, at=timezone.now())
    drain()
    assert outcomes(archive) == {"BA1_发票.pdf": ("attached", "BA1", "invoice")}
    _refused("NOTHING_TO_MATCH", actions.match_again, archive, by=world.clerk, at=timezone.now())


def test_no_archive_a_second_time_an_ended_file_and_strangers_are_refused() -> None:
    world = filings()
    subject = checked(world, [line(world, 0, "BA1")])
    given = {"name": "材料.zip", "by": world.clerk, "at": timezone.now()}
    _refused("NO_ARCHIVE", actions.add_archive, subject, stream=io.BytesIO(PDF), **given)
    papers(world, subject, {"BA1_发票.pdf": PDF})
    _refused("ARCHIVE_TWICE", actions.add_archive, subject, stream=zipped({"BA1_发票.pdf": PDF}), **given)
    other = {**given, "by": world.reviewer}
    _refused("OUT_OF_SCOPE", actions.add_archive, subject, stream=zipped({"BA1_病历.pdf": PDF}), **other)
    actions.DESK.withdraw(subject, reason="重新整理", by=world.clerk, at=timezone.now())
    _refused("FILE_ENDED", actions.add_archive, subject, stream=zipped({"BA1_处方.pdf": PDF}), **given)


def test_an_archive_that_is_damaged_says_so_and_loses_nothing() -> None:
    world = filings()
    subject = opened(world, [line(world, 0, "BA1")])
    archive = actions.add_archive(
        subject, name="坏.zip", stream=io.BytesIO(b"PK\x03\x04" + bytes(40)), by=world.clerk, at=timezone.now()
    )
    drain()
    archive = PaperArchive.objects.get(pk=archive.pk)
    assert (archive.state, archive.code, archive.entries.count()) == ("failed", "FILE_DAMAGED", 0)


@pytest.mark.parametrize("point", ["list_archive.after", "list_archive.committed", "attach_paper.after", "attach_paper.committed"])
def test_a_run_that_was_killed_is_gone_on_from_and_each_paper_is_kept_once(point: str) -> None:
    world = filings()
    subject = opened(world, [line(world, 0, "BA1")])
    archive = actions.add_archive(
        subject, name="材料.zip", stream=zipped({"BA1_发票.pdf": PDF, "BA1_身份证.png": PNG}), by=world.clerk, at=timezone.now()
    )
    with fault_at(f"filings.{point}"), pytest.raises(PlantedFault):
        _run(archive)
    _run(archive)
    assert {outcome for outcome, _number, _kind in outcomes(archive).values()} == {"attached"}
    assert sorted(Paper.objects.values_list("kind", flat=True)) == ["identity", "invoice"]
    assert PaperEntry.objects.exclude(paper=None).count() == 2


class _Run:
    """A run without a lease."""

    def __init__(self, archive: PaperArchive) -> None:
        self.arguments = {"archive": archive.pk}

    def advance(self, **_said: Any) -> None:
        """Nothing is kept."""

    def check_stop(self) -> None:
        """Nobody asks to stop."""


def _run(archive: PaperArchive) -> None:
    read_archive(_Run(archive))  # type: ignore[arg-type]


def test_an_archive_is_no_orphan() -> None:
    world = filings()
    subject = opened(world, [line(world, 0, "BA1")])
    archive = papers(world, subject, {"BA1_发票.pdf": PDF})
    remove_orphans(at=timezone.now() + timedelta(days=3))
    archive.file.refresh_from_db()
    assert archive.file.purged_at is None
    assert ClaimFile.objects.get().archives.count() == 1
    with pytest.raises(FilingsRefused):
        actions.match_again(archive, by=world.clerk, at=timezone.now())

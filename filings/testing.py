"""What tests of this room and of others need: lines of a file of claims, files on their way, archives of papers."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.worlds import keepable
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, make_world
from beneficiaries.tests.purchasing import Market, paid_market, person
from filings.actions import DESK, add_archive, upload_claim_file
from filings.columns import columns_of
from filings.models import ClaimFile, PaperArchive
from jobs.testing import drain
from programs.benefit_terms import terms_of_program

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(20) + b"IEND\xaeB`\x82"


@dataclass
class Filings:
    """A market whose plan pays as 北京 2025, and people who are covered in it."""

    market: Market
    covers: list[Enrollment]

    @property
    def clerk(self) -> User:
        """Who uploads."""
        return self.market.world.clerk

    @property
    def reviewer(self) -> User:
        """Who approves."""
        return self.market.world.reviewer

    @property
    def today(self) -> date:
        """The day of the world."""
        return timezone.localdate(self.market.at)


@keepable
def filings(*, people: int = 4, code: str = "HMB") -> Filings:
    """See `filings_of`, in a world of its own."""
    return filings_of(make_world(), people=people, code=code)


def filings_of(world: World, *, people: int = 4, code: str = "HMB") -> Filings:
    """So many people, covered for a month; the county's clerk uploads, the city's reviewer approves."""
    market = paid_market(code=code, world=world, pays="beijing-2025")
    covers = [market.enroll(person(number), reference=f"{code}{number}") for number in range(people)]
    Enrollment.objects.filter(pk__in=[each.pk for each in covers]).update(starts_at=market.at - timedelta(days=30))
    found = Enrollment.objects.select_related("program", "period", "person", "plan").in_bulk([each.pk for each in covers])
    return Filings(market, [found[each.pk] for each in covers])


def headings(program_id: int) -> dict[str, str]:
    """Column key -> heading, of a program's files."""
    return {column.key: str(column.label) for column in columns_of(terms_of_program(program_id).values())}


def line(filings: Filings, who: int, claim: str, **cells: Any) -> dict[str, str]:
    """A line about one of the covered people: an event of the day before yesterday, 60,000 yuan outside of the catalogue."""
    said = person(who)
    day = f"{filings.today - timedelta(days=2):%Y-%m-%d}"
    return {
        "claim_number": claim, "name": said["name"], "document": said["document"], "event_on": day, "hospital": "示例市人民医院",
        "diagnosis": "C34.9", "setting": "住院", "admitted_on": day, "discharged_on": day,
        "invoice_code": f"{44000000 + filings.market.program.pk % 10_000}", "invoice_number": f"{who:010d}",
        "total": "60000.00", "of:out_of_catalogue": "60000.00",
        **{key: str(value) for key, value in cells.items()},
    }


def file_of(filings: Filings, lines: Sequence[Mapping[str, str]]) -> io.BytesIO:
    """Lines as a CSV file with the columns that any of them fills."""
    words = headings(filings.market.program.pk)
    used = [key for key in words if any(key in each for each in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([words[key] for key in used])
    writer.writerows([each.get(key, "") for key in used] for each in lines)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def uploaded(filings: Filings, lines: Sequence[Mapping[str, str]], *, name: str = "F1", **changes: Any) -> ClaimFile:
    """A file that waits for its check."""
    return upload_claim_file(
        [(f"{name}.csv", file_of(filings, lines))], program=filings.market.program, organization=filings.market.world.office,
        by=filings.clerk, at=timezone.now(), **changes,
    )


def checked(filings: Filings, lines: Sequence[Mapping[str, str]], *, name: str = "F1", **changes: Any) -> ClaimFile:
    """Uploaded and checked."""
    subject = uploaded(filings, lines, name=name, **changes)
    drain()
    return ClaimFile.objects.get(pk=subject.pk)


def approved(filings: Filings, subject: ClaimFile) -> ClaimFile:
    """A checked file submitted, approved and opened."""
    subject = DESK.submit(subject, by=filings.clerk, at=timezone.now())
    DESK.approve(subject, digest=subject.digest, by=filings.reviewer, at=timezone.now())
    drain()
    return ClaimFile.objects.get(pk=subject.pk)


def opened(filings: Filings, lines: Sequence[Mapping[str, str]], *, name: str = "F1", **changes: Any) -> ClaimFile:
    """All the way: checked, submitted, approved by another, opened."""
    return approved(filings, checked(filings, lines, name=name, **changes))


def undone(filings: Filings, subject: ClaimFile, *, at: datetime | None = None) -> ClaimFile:
    """Its undo asked for and approved by another."""
    at = at or timezone.now()
    DESK.request_undo(subject, reason="文件重复报送", by=filings.clerk, at=at)
    DESK.approve_undo(ClaimFile.objects.get(pk=subject.pk), by=filings.reviewer, at=at)
    drain()
    return ClaimFile.objects.get(pk=subject.pk)


def zipped(files: Mapping[str, bytes], *, encoding: str = "utf-8") -> io.BytesIO:
    """An archive of these files; another encoding than UTF-8 is written as Windows does, without saying so."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name) if encoding == "utf-8" else _AsIs(name.encode(encoding))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    target.seek(0)
    return target


class _AsIs(zipfile.ZipInfo):
    """An entry whose name is written in bytes of its own."""

    def __init__(self, name: bytes) -> None:
        super().__init__(name.decode("cp437"))
        self.compress_type = zipfile.ZIP_DEFLATED

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("cp437"), self.flag_bits & ~0x800


def papers(filings: Filings, subject: ClaimFile, files: Mapping[str, bytes], *, encoding: str = "utf-8") -> PaperArchive:
    """An archive added and read."""
    archive = add_archive(
        subject, name="材料.zip", stream=zipped(files, encoding=encoding), by=filings.clerk, at=timezone.now()
    )
    drain()
    return PaperArchive.objects.get(pk=archive.pk)


def outcomes(archive: PaperArchive) -> dict[str, tuple[str, str, str]]:
    """Name in the archive -> (outcome, claim number, kind)."""
    return {
        entry.path.reveal(): (entry.outcome, entry.number, entry.kind) for entry in archive.entries.order_by("position")
        if entry.path is not None
    }

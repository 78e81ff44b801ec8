"""Papers of a file of claims on its page: archives added, each file in them with what became of it, left ones matched again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import ButtonPages, holds
from claims.models import Claim
from filings import actions
from filings.actions.claim_files import UPLOAD
from filings.admin.forms import ArchiveForm, PapersForm
from filings.errors import FilingsRefused
from filings.models import ArchiveState, ClaimFile, PaperArchive, PaperEntry, PaperOutcome
from filings.unpacking import is_archive
from filings.verbs import problem_in_words
from jobs.models import Job

BUTTONS = ("add_papers", "match_papers")
#: Files that the page lists at once.
SHOWN = 200
TONES: Mapping[str, str] = {
    PaperOutcome.WAITING: "wait", PaperOutcome.ATTACHED: "good", PaperOutcome.NO_CLAIM: "bad", PaperOutcome.DOUBLED: "calm",
    PaperOutcome.TOO_BIG: "bad", PaperOutcome.REFUSED: "bad", PaperOutcome.UNREADABLE: "bad",
}


@dataclass(frozen=True)
class ShownPaper:
    """A file in an archive as the page lists it; `address`: the claim that has it, for a reader who sees it."""

    path: str
    number: str
    kind: str
    size: int
    outcome: str
    tone: str
    reason: str
    address: str


@dataclass(frozen=True)
class ShownArchive:
    """An archive: its name, how far it is, why it cannot be read, and how many files came to what."""

    name: str
    state: str
    reason: str
    busy: bool
    counts: list[tuple[str, str, int, str]]


def offers(name: str, subject: ClaimFile) -> bool:
    """Papers are matched again where some are left, or an archive was not readable."""
    if name == "add_papers":
        return True
    left = PaperEntry.objects.filter(archive__claim_file=subject).exclude(outcome__in=(PaperOutcome.ATTACHED, PaperOutcome.DOUBLED))
    return left.exists() or subject.paper_archives.filter(state=ArchiveState.FAILED).exists()


def refuse_no_archive(stream: Any) -> None:
    """Before anything of the file is kept: what came along as papers is a ZIP."""
    head = stream.read(4)
    stream.seek(0)
    if not is_archive(head):
        raise FilingsRefused("NO_ARCHIVE")


def papers_of(subject: ClaimFile, request: HttpRequest) -> dict[str, Any]:
    """Archives with their counts, and files in them, those that came to nothing first; narrowed by `?papers=outcome`."""
    archives = list(subject.paper_archives.select_related("file").order_by("pk"))
    if not archives:
        return {"archives": []}
    wanted = request.GET.get("papers", "")
    counts: dict[int, list[tuple[str, int]]] = {}
    entries = PaperEntry.objects.filter(archive__claim_file=subject)
    for archive, outcome, number in entries.order_by().values_list("archive", "outcome").annotate(number=Count("pk")):
        counts.setdefault(archive, []).append((outcome, number))
    busy = set(
        Job.objects.filter(subject_type=PaperArchive._meta.label_lower, subject_id__in=[str(each.pk) for each in archives])
        .live().values_list("subject_id", flat=True)
    )
    shown = entries.filter(outcome=wanted) if wanted in PaperOutcome.values else entries
    page = list(shown.order_by("archive", "position")[:SHOWN])
    seen = Claim.objects.visible_to(request.user, "claims.view_claim").filter(case__in={entry.case_id for entry in page} - {None})
    claims = dict(seen.order_by("-position").values_list("case", "pk"))
    return {
        "archives": [
            ShownArchive(
                each.file.name, each.get_state_display(), problem_in_words(each.code) if each.code else "", str(each.pk) in busy,
                [(outcome, str(PaperOutcome(outcome).label), number, TONES[outcome]) for outcome, number in
                 sorted(counts.get(each.pk, []), key=lambda pair: PaperOutcome.values.index(pair[0]))],
            )
            for each in archives
        ],
        "papers": [_shown(entry, claims) for entry in page], "papers_more": len(page) == SHOWN, "papers_wanted": wanted,
    }


def _shown(entry: PaperEntry, claims: Mapping[int, int]) -> ShownPaper:
    claim = claims.get(entry.case_id or 0)
    return ShownPaper(
        str(entry.path or ""), entry.number, entry.get_kind_display(), entry.size, entry.get_outcome_display(),
        TONES[entry.outcome], problem_in_words(entry.code) if entry.code else "",
        reverse("admin:claims_claim_change", args=[claim]) if claim else "",
    )


class PaperPages(ButtonPages):
    """Mixed into the admin of files of claims."""

    has_papers_permission = holds(UPLOAD)

    @action(description=_("Add papers"), url_path="papers", permissions=["papers"], icon="attach_file")
    def add_papers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in an archive."""
        subject = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> str:
            archive = given["papers"]
            actions.add_archive(subject, name=archive.name, stream=archive, by=given["by"], at=given["at"])
            return _t("The papers have been received and are being matched.")

        return self.button_page(
            request, title=_t("Add papers"), button=_t("Upload"), subject=subject, run=run,
            form=PapersForm(request.POST if posted else None, request.FILES if posted else None),
            sentence=_t(
                "A ZIP with the papers of this file's claims. Each is matched by its name, checked like a single paper, and "
                "attached once its claim is open."
            ),
        )

    @action(description=_("Match papers again"), url_path="match-papers", permissions=["papers"], icon="refresh")
    def match_papers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more of what is not attached."""
        subject = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.match_again(given["archive"], by=given["by"], at=given["at"])
            return _t("The papers are being matched again.")

        return self.button_page(
            request, title=_t("Match papers again"), button=_t("Match again"), subject=subject, run=run,
            form=ArchiveForm(
                request.POST if request.method == "POST" else None, archives=subject.paper_archives.select_related("file")
            ),
            sentence=_t("Everything in the archive that is not attached is matched and checked once more."),
        )

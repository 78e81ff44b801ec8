"""How far an import is and what its check found, as any import's page says it; no query grows with its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, plain_words
from intake.models import ONCE_APPLIED, State

TONES = {
    Verdict.NEW: "good", Verdict.CHANGED: "wait", Verdict.UNCHANGED: "calm", Verdict.COVERED: "calm",
    Verdict.DOUBTFUL: "wait", Verdict.REFUSED: "bad", Verdict.REPLACED: "calm",
}
STATE_TONES = {
    State.RECEIVED: "calm", State.CHECKING: "calm", State.REVIEW: "wait", State.SUBMITTED: "wait",
    State.APPROVED: "good", State.APPLYING: "good", State.APPLIED: "good", State.REFUSED: "bad",
    State.WITHDRAWN: "calm", State.FAILED: "bad", State.UNDO_ASKED: "wait", State.UNDOING: "wait", State.UNDONE: "bad",
}
_ORDER = (State.RECEIVED, State.CHECKING, State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING, State.APPLIED)


@dataclass(frozen=True)
class Step:
    """One step of the way, and where the import stands: "done", "now" or "later"."""

    title: str
    note: str
    standing: str


@dataclass(frozen=True)
class Count:
    """A verdict with its rows; `url` shows them."""

    label: str
    number: int
    tone: str
    url: str
    chosen: bool


@dataclass(frozen=True)
class Problem:
    """What the check found, and what to do about it, in plain words; `decide`: where its rows are decided, "" for nowhere."""

    cause: str
    remedy: str
    number: int
    url: str
    chosen: bool
    decide: str


@dataclass(frozen=True)
class ProblemGroup:
    """Problems of one weight, the most frequent first."""

    title: str
    problems: list[Problem]


def steps(subject: Any, last_step: str) -> list[Step]:
    """Upload, check, submission, approval and `last_step`: what is done, what is now."""
    reached = _ORDER.index(State(subject.state)) if subject.state in _ORDER else -1
    if subject.state == State.REFUSED:
        reached = _ORDER.index(State.SUBMITTED)
    if subject.state == State.FAILED:
        reached = _ORDER.index(State.CHECKING)
    if subject.state == State.WITHDRAWN:
        reached = _ORDER.index(State.SUBMITTED if subject.submitted_at else State.REVIEW)
    if subject.state in ONCE_APPLIED:
        reached = _ORDER.index(State.APPLIED)
    places = (
        (_("Upload"), who(subject.uploaded_by, subject.uploaded_at), State.CHECKING),
        (_("Check"), _("%(rows)s rows") % {"rows": f"{subject.row_count:,}"} if subject.row_count else "", State.REVIEW),
        (_("Submission"), who(subject.submitted_by, subject.submitted_at), State.SUBMITTED),
        (_("Approval"), who(subject.decided_by, subject.decided_at), State.APPROVED),
        (last_step, who(None, subject.applied_at), State.APPLIED),
    )
    found = []
    now_given = False
    for title, note, done_from in places:
        done = reached >= _ORDER.index(done_from)
        standing = "done" if done else "later" if now_given else "now"
        now_given = now_given or not done
        found.append(Step(title, note if done else "", standing))
    return found + _undo_steps(subject)


def _undo_steps(subject: Any) -> list[Step]:
    """The way back, once somebody has asked for it."""
    if subject.state not in (State.UNDO_ASKED, State.UNDOING, State.UNDONE):
        return []
    decided, undone = subject.state != State.UNDO_ASKED, subject.state == State.UNDONE
    return [
        Step(_("Undo requested"), who(subject.undo_asked_by, subject.undo_asked_at), "done"),
        Step(
            _("Undo approved"), who(subject.undo_decided_by, subject.undo_decided_at) if decided else "",
            "done" if decided else "now",
        ),
        Step(_("Undone"), who(None, subject.undone_at), "done" if undone else "now" if decided else "later"),
    ]


def who(user: Any, at: Any) -> str:
    """Who and when; "" for what has not happened."""
    if at is None:
        return ""
    stamp = timezone.localtime(at).strftime("%m-%d %H:%M")
    return f"{user.display_name} {stamp}" if user is not None else stamp


def verdict_counts(subject: Any, chosen: int | None, words: Mapping[Verdict, str]) -> list[Count]:
    """Rows by verdict; `words`: what a kind of import calls some of them."""
    return [
        Count(
            label=words.get(verdict, str(verdict.label)), number=subject.verdict_count(verdict), tone=TONES[verdict],
            url=f"?verdict={int(verdict)}#rows", chosen=chosen == verdict,
        )
        for verdict in Verdict if subject.verdict_count(verdict)
    ]


_GROUPS = (
    (Severity.ERROR, _lazy("Why rows are refused")), (Severity.DOUBT, _lazy("What has to be confirmed")),
    (Severity.WARNING, _lazy("What to look at")), (Severity.REPAIRED, _lazy("What was put right")),
)


def problem_groups(
    subject: Any, chosen: str, *, decide: Callable[[str], str] = lambda code: "", without_remedy: tuple[str, ...] = ()
) -> list[ProblemGroup]:
    """Every code of the import in plain words with its remedy, by weight.

    `decide`: the address where rows of a code are decided. `without_remedy`: codes whose rows say theirs themselves.
    """
    counts = sorted(subject.counts.get("codes", {}).items(), key=lambda item: (-item[1], item[0]))
    found = []
    for severity, title in _GROUPS:
        problems = [
            Problem(
                cause=plain_words(MEANINGS[code].cause), number=number,
                remedy="" if code in without_remedy else plain_words(MEANINGS[code].remedy),
                url=f"?code={code}#rows", chosen=code == chosen, decide=decide(code),
            )
            for code, number in counts if code in MEANINGS and SEVERITY_OF[code] == severity
        ]
        if problems:
            found.append(ProblemGroup(str(title), problems))
    return found

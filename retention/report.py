"""What pages and papers say of terms, of what comes due and of a destruction; reads only, sums and numbers, never a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _t

from accounts.models import Region
from audit.naming import kind_in_words
from beneficiaries.models.standing import Standing
from programs.models import Period, Program
from retention.due import term_of, terms_now
from retention.models import DestructionLine, DestructionRun, RunKind
from retention.terms import RULES, Kind, Unit, in_words, kept_in_words

#: Rows of a table of the overview.
SHOWN = 12


@dataclass(frozen=True)
class Table:
    """One table of a run: by place, by reason, by what was overwritten."""

    key: str
    title: str
    first: str
    heading: str
    lines: list[tuple[str, str]]


def tables_of(run: DestructionRun) -> list[Table]:
    """Counties of what goes, reasons of what stays, what was overwritten; empty ones are left out."""
    counties = list(
        DestructionLine.objects.filter(run=run, kept="").order_by().values_list("county").annotate(number=Count("pk"))
    )
    names = dict(Region.objects.filter(pk__in=[county for county, _number in counties]).values_list("pk", "name"))
    kept = _added(run.kept, run.spared)
    found = [
        Table("counties", _t("What goes, by county"), _t("county"), _t("how many"), [
            (names.get(county, county) or "—", f"{number:,}") for county, number in sorted(counties)
        ]),
        Table("kept", _t("What stays, and why"), _t("reason"), _t("how many"), [
            (kept_in_words(reason), f"{number:,}") for reason, number in sorted(kept.items())
        ]),
        Table("done", _t("What was overwritten or deleted"), _t("records"), _t("how many"), [
            (_record_in_words(name), f"{number:,}") for name, number in sorted(run.done_counts.items())
        ]),
    ]
    return [table for table in found if table.lines]


def _added(kept: dict[str, int], spared: dict[str, int]) -> dict[str, int]:
    return {reason: kept.get(reason, 0) + spared.get(reason, 0) for reason in {*kept, *spared}}


_PLACES = {
    "person": "beneficiaries.person", "persondocument": "beneficiaries.persondocument", "beneficiary": "beneficiaries.beneficiary",
    "representative": "beneficiaries.representative", "personchange": "beneficiaries.personchange",
    "personrequest": "papers.personrequest", "objection": "gates.objection",
    "complaint": "complaints.complaint", "rosterrow": "beneficiaries.rosterrow",
    "statementrow": "gates.statementrow", "receiptrow": "handover.receiptrow", "invoicerow": "handover.invoicerow",
    "bankreturnrow": "payouts.bankreturnrow", "deliveryreportrow": "outreach.deliveryreportrow",
}


def _record_in_words(name: str) -> str:
    return _t("contents of files") if name == "files" else kind_in_words(_PLACES.get(name, name))


def terms_of(run: DestructionRun) -> list[tuple[str, str]]:
    """The terms under which a run was listed, in words."""
    found = []
    for kind, said in run.terms.items():
        length, unit = said.split(" ")
        found.append((str(Kind(kind).label), in_words(int(length), unit)))
    return found


def facts_of(run: DestructionRun) -> list[tuple[str, Any]]:
    """What a run is, as its page, its confirm pages and its certificate say it."""
    of_people = run.kind == RunKind.PEOPLE
    return [
        (_t("program"), run.program.name), (_t("office"), run.organization.name), (_t("what is destroyed"), run.get_kind_display()),
        (_t("due on"), f"{run.due_on:%Y-%m-%d}"),
        (_t("terms"), "；".join(f"{kind} {length}" for kind, length in terms_of(run))),
        (_t("people on the list") if of_people else _t("lists and files on the list"), f"{run.number:,}"),
        *(
            [(_t("their covers, which stay as numbers"), f"{run.covers:,}"), (_t("their premium (yuan)"), f"{run.premium:,.2f}")]
            if of_people else [(_t("lines of files"), f"{run.rows:,}")]
        ),
        (_t("terms counted from"), f"{run.oldest:%Y-%m-%d} – {run.newest:%Y-%m-%d}" if run.oldest and run.newest else ""),
        (_t("drawn up by"), f"{run.drawn_by.get_full_name()} · {_moment(run.drawn_at)}"),
        (
            _t("released by"),
            f"{run.released_by.get_full_name()} · {_moment(run.released_at)}" if run.released_by is not None else "",
        ),
        (_t("destroyed"), f"{run.destroyed:,}" if run.released_at is not None else ""),
        (_t("destroyed at"), _moment(run.finished_at)),
        *([(_t("reason"), run.reason)] if run.reason else []),
    ]


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at is not None else ""


@dataclass(frozen=True)
class ProgramTerms:
    """A program and its terms: kind, length, whether it is its own, what the law asks, from when, what that is."""

    program: Program
    lines: list[tuple[str, str, str, str, str]]


def overview(programs: list[Program], holds: Any, runs: Any, *, day: date) -> dict[str, Any]:
    """The page of whoever is in charge: terms, what comes due, holds that stand, the last runs."""
    own = terms_now([program.pk for program in programs])
    return {
        "terms": [_terms_of(program, own) for program in programs], "coming": _coming(programs, own, day=day),
        "holds": list(holds.standing(on=day).select_related("organization", "held_program", "held_organization")[:SHOWN]),
        "runs": list(runs.select_related("program")[:SHOWN]), "shown": SHOWN,
    }


def _terms_of(program: Program, own: dict[tuple[int, str], tuple[int, str]]) -> ProgramTerms:
    lines = []
    for kind in Kind:
        length, unit = term_of(program.pk, kind, own)
        whose = _t("the program's own") if (program.pk, str(kind)) in own else _t("the portal's")
        rule = RULES[kind]
        lines.append((str(kind.label), in_words(length, unit), whose, in_words(rule.least, rule.unit), str(rule.begins)))
    return ProgramTerms(program, lines)


def _coming(
    programs: list[Program], own: dict[tuple[int, str], tuple[int, str]], *, day: date
) -> list[tuple[str, str, str, str]]:
    """Periods in the order in which their policy records come out of their term: program, period, from when on, covers."""
    covered = Sum("people", filter=Q(state__in=("in_force", "ended")))
    sums = dict(
        Standing.objects.filter(program__in=programs).order_by().values_list("period").annotate(covers=covered).values_list(
            "period", "covers"
        )
    )
    found = []
    for period in Period.objects.filter(program__in=programs).select_related("program"):
        length, unit = term_of(period.program_id, Kind.COVER, own)
        covers = sums.get(period.pk) or 0
        if covers:
            found.append((_later(period.ends_on, length, unit), period, covers))
    found.sort(key=lambda each: (each[0], each[1].pk))
    return [
        (each.program.name, each.code, f"{on:%Y-%m-%d}" if on > day else _t("now"), f"{covers:,}")
        for on, each, covers in found[:SHOWN]
    ]


def _later(day: date, length: int, unit: str) -> date:
    years = length if unit == Unit.YEARS else 0
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def context_of(run: DestructionRun) -> dict[str, Any]:
    """What the page and the certificate need."""
    return {
        "found": run, "facts": facts_of(run), "tables": tables_of(run), "of_people": run.kind == RunKind.PEOPLE}


"""What a change would do, or has done, in words: facts and warnings of its pages, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from beneficiaries.ending_single import ending_outlook
from beneficiaries.models import ChangeKind, ChangeState, Enrollment, PersonChange
from beneficiaries.panels import last_moment

Facts = list[tuple[str, Any]]


def facts_of(change: PersonChange, *, shown: frozenset[str] = frozenset()) -> Facts:
    """The person, masked, and what the change is about; `shown`: fields of it that their reader sees in the clear."""
    return [(_t("person"), f"{change.person.name} · {change.person.document}"), *_FACTS[change.kind](change, shown)]


def warnings_of(change: PersonChange) -> list[str]:
    """What the approver must know."""
    return _WARNINGS[change.kind](change)


def _ending(change: PersonChange, shown: frozenset[str]) -> Facts:
    found: Facts = [
        (_t("what happened"), change.get_end_reason_display()), (_t("last day of cover"), f"{change.ended_on:%Y-%m-%d}"),
    ]
    if change.state == ChangeState.PROPOSED and change.ended_on is not None:
        outlook = ending_outlook(change.beneficiary, end_reason=change.end_reason, ended_on=change.ended_on)
        found += [(_t("covers that end"), f"{len(outlook.covers):,}"), *_lines(outlook.covers)]
        found += [
            (_t("their premium"), _yuan(outlook.premium)), (_t("of it paid by the person"), _yuan(outlook.own_share)),
            (_t("given back"), _t("0.00 yuan: the premium stays used, and each payer's share with the insurer")),
        ]
    if change.state == ChangeState.APPROVED:
        ended = Enrollment.objects.filter(endings__change=change).select_related("program", "period__program", "plan")
        found += [(_t("covers that ended"), f"{len(ended):,}"), *_lines(ended)]
    return found


def _ending_warnings(change: PersonChange) -> list[str]:
    if change.ended_on is None:
        return []
    outlook = ending_outlook(change.beneficiary, end_reason=change.end_reason, ended_on=change.ended_on)
    said = []
    if outlook.dies:
        said.append(_t("The person is recorded as deceased: every later roster of whatever office refuses them."))
    if outlook.waiting:
        said.append(
            _t("%(covers)s covers of this office wait for a step; they are left: whoever does not pay lapses.")
            % {"covers": f"{outlook.waiting:,}"}
        )
    return said


def _correction(change: PersonChange, shown: frozenset[str]) -> Facts:
    found: Facts = []
    if change.name is not None:
        found.append((_t("name from now on"), _sealed(change, "name", shown)))
    if change.document is not None:
        found += [
            (_t("document from now on"), change.get_document_type_display()),
            (_t("number from now on"), _sealed(change, "document", shown)),
            (
                _t("the number so far"),
                _t("was replaced: files that still name it find the person") if change.number_was_theirs
                else _t("was written wrongly: found by search, names nobody in a file"),
            ),
        ]
    if change.birth_on is not None:
        found.append((_t("born on, from now on"), f"{change.birth_on:%Y-%m-%d}"))
    if change.sex:
        found.append((_t("sex from now on"), change.get_sex_display()))
    if change.state == ChangeState.PROPOSED:
        person = change.person
        born = f"{person.birth_on:%Y-%m-%d}" if person.birth_on else "—"
        said = " · ".join(filter(None, (person.get_document_type_display(), born, person.get_sex_display())))
        found.append((_t("registered now"), said))
    return found


def _document(change: PersonChange, shown: frozenset[str]) -> Facts:
    days = [f"{day:%Y-%m-%d}" if day else "—" for day in (change.valid_from, change.valid_to)]
    return [
        (_t("further document"), change.get_document_type_display()),
        (_t("document number"), _sealed(change, "document", shown)),
        (_t("valid"), " – ".join(days) if change.valid_from or change.valid_to else ""),
    ]


def _sealed(change: PersonChange, name: str, shown: frozenset[str]) -> str:
    value = getattr(change, name)
    return str(value.reveal()) if name in shown else str(value)


def _identity_warnings(change: PersonChange) -> list[str]:
    return [_t("Compare it with the papers: show it in the clear first. Every office that deals with the person sees it.")]


def _lines(covers: Any) -> Facts:
    return [
        (
            each.number,
            _t("last day %(day)s; premium %(amount)s yuan") % {"day": last_moment(each), "amount": f"{each.premium:,.2f}"},
        )
        for each in covers
    ]


def _yuan(amount: Any) -> str:
    return _t("%(amount)s yuan") % {"amount": f"{amount:,.2f}"}


_FACTS: Mapping[str, Callable[[PersonChange, frozenset[str]], Facts]] = {
    ChangeKind.ENDING: _ending, ChangeKind.CORRECTION: _correction, ChangeKind.DOCUMENT: _document,
}
_WARNINGS: Mapping[str, Callable[[PersonChange], list[str]]] = {
    ChangeKind.ENDING: _ending_warnings, ChangeKind.CORRECTION: _identity_warnings, ChangeKind.DOCUMENT: _identity_warnings,
}

"""What a change would do, or has done, in words: facts and warnings of its pages, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from beneficiaries.ending_single import ending_outlook
from beneficiaries.models import ChangeKind, ChangeState, Enrollment, PersonChange
from beneficiaries.panels import last_moment

Facts = list[tuple[str, Any]]


def facts_of(change: PersonChange) -> Facts:
    """The person, masked, and what the change is about."""
    return [(_t("name"), str(change.person.name)), *_FACTS[change.kind](change)]


def warnings_of(change: PersonChange) -> list[str]:
    """What the approver must know."""
    return _WARNINGS[change.kind](change)


def _ending(change: PersonChange) -> Facts:
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


_FACTS: Mapping[str, Callable[[PersonChange], Facts]] = {ChangeKind.ENDING: _ending}
_WARNINGS: Mapping[str, Callable[[PersonChange], list[str]]] = {ChangeKind.ENDING: _ending_warnings}

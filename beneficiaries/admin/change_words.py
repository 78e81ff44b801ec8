"""What a change would do, or has done, in words: facts and warnings of its pages, by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t

from accounts.models import Region
from beneficiaries.admin.origins import payer_of, payment_of
from beneficiaries.ending_single import ending_outlook
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.health import said_on
from beneficiaries.merging import merge_outlook
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    ChangeKind,
    ChangeState,
    Enrollment,
    HealthClass,
    MergedRow,
    Person,
    PersonChange,
)
from beneficiaries.models.merged_row import MergedKind
from beneficiaries.money import COUNTY_DIGITS
from beneficiaries.moving import covers_along
from beneficiaries.panels import first_moment, last_moment
from beneficiaries.refunding import refund_outlook
from beneficiaries.unmerging import new_since

#: Covers listed of one person.
_SHOWN = 20
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
        if outlook.covers or not outlook.waiting:
            found += [
                (_t("covers that end"), f"{len(outlook.covers):,}"), *_lines(outlook.covers),
                (_t("their premium"), _yuan(outlook.premium)), (_t("of it paid by the person"), _yuan(outlook.own_share)),
                (_t("given back"), _t("0.00 yuan: the premium stays used, and each payer's share with the insurer")),
            ]
        found += _voided(outlook.waiting)
    if change.state == ChangeState.APPROVED:
        ended = Enrollment.objects.filter(endings__change=change).select_related("program", "period__program", "plan")
        found += [(_t("covers that ended"), f"{len(ended):,}"), *_lines(ended)]
    return found


def _voided(waiting: Sequence[Enrollment]) -> Facts:
    """Covers that never begin, and where their money goes."""
    if not waiting:
        return []
    paid = [each for each in waiting if each.own_paid_at]
    by_employer = sum((each.own_share for each in paid if each.employer is not None), Decimal(0))
    by_person = sum((each.own_share for each in paid), Decimal(0)) - by_employer
    return [
        (_t("covers that wait for a step and are voided"), f"{len(waiting):,}"), *_lines(waiting),
        (_t("back to the budgets"), _yuan(sum((each.premium - each.own_share for each in waiting), Decimal(0)))),
        (_t("to be refunded to the person"), _yuan(by_person)),
        *([(_t("back to the employer"), _yuan(by_employer))] if by_employer else []),
    ]


def _ending_warnings(change: PersonChange) -> list[str]:
    if change.ended_on is None:
        return []
    outlook = ending_outlook(change.beneficiary, end_reason=change.end_reason, ended_on=change.ended_on)
    said = []
    if outlook.dies:
        said.append(_t("The person is recorded as deceased: every later roster of whatever office refuses them."))
    if outlook.waiting:
        said.append(
            _t("%(covers)s covers of this office wait for a step; they are voided and never begin.")
            % {"covers": f"{len(outlook.waiting):,}"}
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


def merge_facts(merge: PersonChange) -> Facts:
    """Who was merged into whom, and what moved."""
    moved = Counter(MergedRow.objects.filter(change=merge).values_list("kind", flat=True))
    other: Any = merge.other
    return [
        (_t("stays"), f"{merge.person.name} · {merge.person.document}"),
        (_t("merged"), f"{other.name} · {other.document}"),
        *((str(MergedKind(kind).label), f"{number:,}") for kind, number in sorted(moved.items())),
    ]


def new_in_words(found: Mapping[str, int]) -> list[str]:
    """What has come since a merge, which holds it."""
    words = {
        "covers": _t("covers"), "endings": _t("endings of covers"), "offices": _t("offices"), "documents": _t("documents"),
        "changes": _t("changes of people"),
    }
    return [
        _t("New since the merge: %(kind)s, %(number)s. It cannot be undone any more.") % {"kind": words[kind], "number": number}
        for kind, number in found.items()
    ]


def side_by_side(person: Person, other: Person, user: Any) -> dict[str, Any]:
    """What a page shows of two people in two columns: lines (label, one, other, whether they differ)."""
    columns = [_told_of(each, user) for each in (person, other)]
    return {
        "lines": [
            (label, columns[0][place][1], columns[1][place][1], columns[0][place][1] != columns[1][place][1])
            for place, (label, _value) in enumerate(columns[0])
        ],
        "numbers": (person.pk, other.pk),
    }


def _told_of(person: Person, user: Any) -> Facts:
    covers = Enrollment.objects.visible_to(user, "beneficiaries.view_enrollment").filter(person=person).order_by("-pk")
    known = Beneficiary.objects.visible_to(user, "beneficiaries.view_beneficiary").filter(person=person)
    held = BeneficiaryCategory.objects.filter(beneficiary__in=known, valid_to=None).select_related("category")
    named = covers.select_related("program", "period__program", "plan")
    return [
        (_t("name"), [str(person.name)]),
        (_t("document"), [f"{person.get_document_type_display()} {person.document}"]),
        (_t("born on"), [f"{person.birth_on:%Y-%m-%d}" if person.birth_on else ""]),
        (_t("sex"), [person.get_sex_display()]),
        (_t("deceased on"), [f"{person.deceased_on:%Y-%m-%d}" if person.deceased_on else ""]),
        (
            _t("further and former documents"),
            [f"{each.get_document_type_display()} {each.document}" for each in person.documents.order_by("pk")],
        ),
        (
            _t("known to"),
            [
                f"{each.program.name} · {each.organization.name}"
                for each in known.select_related("program", "organization").order_by("pk")
            ],
        ),
        (_t("categories"), sorted({each.category.name for each in held})),
        (
            _t("covers held"),
            [
                f"{each.number} · {first_moment(each)} – {last_moment(each)} · {each.premium:,.2f} · {each.get_state_display()}"
                for each in named[:_SHOWN]
            ],
        ),
    ]


def _merge(change: PersonChange, shown: frozenset[str]) -> Facts:
    other: Any = change.other
    if change.state == ChangeState.APPROVED:
        return merge_facts(change)[1:]
    outlook = merge_outlook(change.person, other, by=change.proposed_by, besides=change.pk)
    given_up = Enrollment.objects.filter(pk__in=change.given_up).select_related("program", "period__program", "plan", "split")
    funders = sum((each.premium - each.own_share for each in given_up), Decimal(0))
    own = sum((each.own_share for each in given_up if each.own_paid_at), Decimal(0))
    return [
        (_t("merged into them"), f"{other.name} · {other.document}"),
        (_t("covers that go over"), f"{outlook.covers:,}"), (_t("offices that go over"), f"{outlook.offices:,}"),
        (_t("documents that go over"), f"{outlook.documents:,}"),
        (_t("covers given up"), f"{len(given_up):,}"), *_lines(given_up),
        *([(_t("back to the budgets"), _yuan(funders)), (_t("to be refunded to the person"), _yuan(own))] if given_up else []),
    ]


def _merge_warnings(change: PersonChange) -> list[str]:
    other: Any = change.other
    outlook = merge_outlook(change.person, other, by=change.proposed_by, besides=change.pk)
    found = [str(BeneficiariesRefused(outlook.obstacle))] if outlook.obstacle else []
    if outlook.offices_of_both:
        found.append(
            _t("%(offices)s offices know both: the contact of the one who stays goes on, the other's is kept beside it.")
            % {"offices": outlook.offices_of_both}
        )
    return found


def _unmerge(change: PersonChange, shown: frozenset[str]) -> Facts:
    merge: Any = change.undoes
    return merge_facts(merge)


def _unmerge_warnings(change: PersonChange) -> list[str]:
    merge: Any = change.undoes
    found = new_in_words(new_since(merge))
    if merge.given_up:
        found.append(_t("Covers that were given up stay void, and their money where it went."))
    return found


def _move(change: PersonChange, shown: frozenset[str]) -> Facts:
    before = change.region_code
    places = Region.objects.names_of([before, change.to_region])
    found: Facts = [
        (_t("region so far"), places.get(before, before)),
        (_t("region from now on"), places.get(change.to_region, change.to_region)),
    ]
    if change.to_organization is not None:
        return [*found, (_t("receiving office"), change.to_organization.name)]
    if change.state == ChangeState.PROPOSED:
        found.append((_t("covers that are listed there, too"), f"{covers_along(change).count():,}"))
    return found


def _move_warnings(change: PersonChange) -> list[str]:
    if change.to_organization is not None:
        return [_t("The person becomes known to the receiving office, by name and documents. Cover stays with the other one.")]
    county = change.to_region[:COUNTY_DIGITS] != change.region_code[:COUNTY_DIGITS]
    return [_t("Another county: covers stay listed in the county that pays for them.")] if county else []


def _speaker(change: PersonChange, shown: frozenset[str]) -> Facts:
    days = [f"{day:%Y-%m-%d}" if day else "—" for day in (change.valid_from, change.valid_to)]
    return [
        (_t("who speaks for the person"), change.get_role_display()), (_t("relation to the person"), change.relation),
        (_t("name"), _sealed(change, "name", shown)), (_t("document"), change.get_document_type_display()),
        (_t("document number"), _sealed(change, "document", shown)),
        (_t("phone"), _sealed(change, "phone", shown) if change.phone is not None else ""),
        (_t("valid"), " – ".join(days) if change.valid_from or change.valid_to else ""),
    ]


def _speaker_warnings(change: PersonChange) -> list[str]:
    return [_t("Compare it with the papers: show it in the clear first. Messages of a minor go to this telephone.")]


def _silenced(change: PersonChange, shown: frozenset[str]) -> Facts:
    ended: Any = change.representative
    return [
        (_t("who speaks for the person"), ended.get_role_display()), (_t("relation to the person"), ended.relation),
        (_t("name"), str(ended.name)), (_t("document number"), str(ended.document)),
    ]


def _silenced_warnings(change: PersonChange) -> list[str]:
    return [_t("From then on nothing is asked of them, and no message goes to them, for this person.")]


def _health(change: PersonChange, shown: frozenset[str]) -> Facts:
    before = said_on(change.beneficiary, day=change.valid_from) if change.valid_from else None
    return [
        (_t("health class"), change.get_health_class_display()),
        (_t("groups of diseases"), _sealed(change, "health_groups", shown) if change.health_groups is not None else ""),
        (_t("from"), f"{change.valid_from:%Y-%m-%d}" if change.valid_from else ""),
        *([(_t("stated so far"), str(HealthClass(before.health_class).label) if before else _t("nothing"))]
          if change.state == ChangeState.PROPOSED else []),
    ]


def _health_warnings(change: PersonChange) -> list[str]:
    return [_t("What a plan pays may depend on it. Compare it with the papers; it counts from its day on.")]


def _refund(change: PersonChange, shown: frozenset[str]) -> Facts:
    cover = Enrollment.objects.select_related(
        "plan", "purchase__payer", "program", "period__program", "roster__employer"
    ).get(pk=change.cover_id or 0)
    payer, employer = payer_of(cover), cover.employer
    return [
        (_t("cover number"), cover.number), (_t("premium"), _yuan(cover.premium)),
        (_t("back to the employer") if employer else _t("back to the person"), _yuan(cover.own_share)),
        (_t("back to the other payers"), _yuan(cover.premium - cover.own_share)),
        (_t("payment"), payment_of(cover)),
        *([(_t("employer") if employer else _t("payer of the family"), payer)] if payer else []),
    ]


def _refund_warnings(change: PersonChange) -> list[str]:
    cover = Enrollment.objects.select_related("plan", "purchase").get(pk=change.cover_id or 0)
    if change.state != ChangeState.PROPOSED:
        return []
    try:
        refund_outlook(cover, asked_on=timezone.localdate(change.proposed_at))
    except BeneficiariesRefused as refused:
        return [str(refused)]
    return [_t("The cover never stood then. The next list of differences gives the money; it goes back by the way it came.")]


def _sealed(change: PersonChange, name: str, shown: frozenset[str]) -> str:
    value = getattr(change, name)
    return str(value.told()) if name in shown else str(value)


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
    ChangeKind.MERGE: _merge, ChangeKind.UNMERGE: _unmerge, ChangeKind.MOVE: _move, ChangeKind.TRANSFER: _move,
    ChangeKind.SPEAKER: _speaker, ChangeKind.SILENCED: _silenced, ChangeKind.REFUND: _refund,
    ChangeKind.HEALTH: _health,
}
_WARNINGS: Mapping[str, Callable[[PersonChange], list[str]]] = {
    ChangeKind.ENDING: _ending_warnings, ChangeKind.CORRECTION: _identity_warnings, ChangeKind.DOCUMENT: _identity_warnings,
    ChangeKind.MERGE: _merge_warnings, ChangeKind.UNMERGE: _unmerge_warnings, ChangeKind.MOVE: _move_warnings,
    ChangeKind.TRANSFER: _move_warnings, ChangeKind.SPEAKER: _speaker_warnings, ChangeKind.SILENCED: _silenced_warnings,
    ChangeKind.REFUND: _refund_warnings, ChangeKind.HEALTH: _health_warnings,
}

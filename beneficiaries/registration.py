"""What this room tells the rooms below at start: verbs, indexes, permissions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import blind_index, events
from audit.models.keys import SLOTS
from beneficiaries import employing, guardians, guarding, health_lines, missing, other_periods, panels, participants
from beneficiaries.choices import in_words
from beneficiaries.ending import end_covers
from beneficiaries.gating import GATE_WORDS
from beneficiaries.holdings import HOLDINGS, register_holding
from beneficiaries.keepers import Keeper, register_keeper
from beneficiaries.marks import name_mark, phone_mark
from beneficiaries.models import ChangeKind, DecisionKind, Employer, PersonChange, RosterChunk, RosterRow
from beneficiaries.models.change import Role as Speaker
from beneficiaries.models.person import IDENTITY, MARK, NAME, DocumentType, identity_text
from beneficiaries.models.roster import EndReason
from beneficiaries.month import COVERS, OPEN_POINTS
from beneficiaries.template import ROSTER
from beneficiaries.verbs import VERBS
from intake import findings, wording
from intake.models import UNDER_WAY
from intake.template import APPLICABLE, reasons_in_words
from programs.months import register_month

__all__ = ["Keeper", "register", "register_keeper"]

_VIEW = (
    "beneficiaries.view_person", "beneficiaries.view_enrollment", "beneficiaries.view_roster",
    "beneficiaries.view_beneficiary", "beneficiaries.view_purchase", "beneficiaries.view_personchange",
    "beneficiaries.view_employer",
)
#: Masked, as the lists are.
_EXPORT = (
    "beneficiaries.export_person", "beneficiaries.export_enrollment", "beneficiaries.export_roster",
    "beneficiaries.export_personchange", "beneficiaries.export_employer",
)
#: Who works with money sees whose bills they are, and asks there.
_PAYING = ("beneficiaries.view_employer", "beneficiaries.export_employer")
GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: (
        *_VIEW, *_EXPORT, "beneficiaries.upload_roster", "beneficiaries.submit_roster", "beneficiaries.download_refused_rows",
        "beneficiaries.reveal_person", "beneficiaries.pass_gate", "beneficiaries.make_purchase",
        "beneficiaries.decide_rows", "beneficiaries.correct_person", "beneficiaries.request_undo",
        "beneficiaries.propose_change", "beneficiaries.record_employer", "beneficiaries.reveal_employer",
    ),
    Role.REVIEWER: (
        *_VIEW, *_EXPORT, "beneficiaries.approve_roster", "beneficiaries.reveal_person", "beneficiaries.approve_undo",
        "beneficiaries.decide_change",
    ),
    Role.FINANCE_MAKER: (
        "beneficiaries.view_roster", "beneficiaries.export_roster", *_PAYING, "beneficiaries.reveal_employer",
    ),
    Role.FINANCE_CHECKER: ("beneficiaries.view_roster", "beneficiaries.export_roster", *_PAYING),
    Role.AUDITOR: (*_VIEW, *_EXPORT),
}

#: Rules of eligibility as a finding names them.
RULE_WORDS = {
    "category": _("no category of the plan"),
    "region": _("outside the plan's regions"),
    "age_unknown": _("age unknown"),
    "too_young": _("too young"),
    "too_old": _("too old"),
}


def in_fields(names: Sequence[str]) -> str:
    """Fields of a person as pages name them."""
    return fields_of(PersonChange, names)


def fields_of(model: Any, names: Sequence[str]) -> str:
    """Fields of a model as pages name them."""
    return ", ".join(str(model._meta.get_field(name).verbose_name) for name in names)


#: Gates and findings, which events keep as codes.
EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "roster.gate_passed": lambda data: {"gate": str(GATE_WORDS.get(data["gate"], data["gate"]))},
    "roster.gate_reopened": lambda data: {"gate": str(GATE_WORDS.get(data["gate"], data["gate"]))},
    "purchase.gate_passed": lambda data: {"gate": str(GATE_WORDS.get(data["gate"], data["gate"]))},
    "roster.decided": lambda data: {"kind": str(DecisionKind(data["kind"]).label)},
    "roster.failed": lambda data: {"codes": findings.causes_in_words(data["codes"])},
    "roster.confirmed": lambda data: {"reasons": reasons_in_words(data["reasons"])},
    **{
        f"change.{step}": lambda data: {"kind": str(ChangeKind(data["kind"]).label)}
        for step in ("proposed", "turned_down", "withdrawn")
    },
    "employer.changed": lambda data: {"fields": fields_of(Employer, data["fields"])},
    "person.ended": lambda data: {"end_reason": str(EndReason(data["end_reason"]).label)},
    "person.corrected": lambda data: {"fields": in_fields(data["fields"])},
    "person.document_added": lambda data: {"document_type": str(DocumentType(data["document_type"]).label)},
    **{
        f"person.speaker_{step}": lambda data: {"role": str(Speaker(data["role"]).label)} for step in ("recorded", "ended")
    },
    "roster.closed": lambda data: {"code": findings.causes_in_words(data["code"])},
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    register_month((COVERS,), OPEN_POINTS)
    events.register_words(EVENT_WORDS)
    register_holding(*HOLDINGS)
    blind_index.register(
        blind_index.BlindIndex(IDENTITY, "beneficiaries.Person", "identity_index", _identity_of)
    )
    blind_index.register(
        blind_index.BlindIndex(IDENTITY, "beneficiaries.PersonDocument", "identity_index", _identity_of)
    )
    blind_index.register(
        blind_index.BlindIndex(IDENTITY, "beneficiaries.Representative", "identity_index", _identity_of)
    )
    blind_index.register(blind_index.BlindIndex(NAME, "beneficiaries.Person", "name_index", _name_of))
    blind_index.register_waiting(IDENTITY, _rows_without_identity)
    blind_index.register_waiting(NAME, lambda slot: _rows_without(f"name_index_{slot}"))
    for stem, text_of, made in (("name_mark", _name_of_known, name_mark), ("phone_mark", _phone_of, phone_mark)):
        blind_index.register(
            blind_index.BlindIndex(MARK, "beneficiaries.Beneficiary", stem, text_of, made=made, beside=("person",))
        )
    blind_index.register_waiting(MARK, _rows_half_marked)
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)
    findings.register_words(RULE_WORDS)
    findings.register_meanings((
        *guarding.MEANINGS, *guardians.MEANINGS, *health_lines.MEANINGS, *participants.MEANINGS, *employing.MEANINGS,
        *other_periods.MEANINGS,
    ))
    findings.register_words(guardians.WORDS)
    findings.register_words({reason.value: reason.label for reason in EndReason})
    wording.register_targets(ROSTER.key, in_words)
    panels.register()
    missing.register_ender(end_covers)


def _identity_of(person: Any) -> str:
    return identity_text(person.document_type, person.document.reveal())


def _name_of(person: Any) -> str:
    return str(person.name.reveal())


def _name_of_known(beneficiary: Any) -> str:
    return _name_of(beneficiary.person)


def _phone_of(beneficiary: Any) -> str | None:
    return None if beneficiary.phone is None else str(beneficiary.phone.reveal())


def _rows_waiting() -> QuerySet[RosterRow]:
    """Rows of rosters not applied yet, approved as they are."""
    waiting = RosterRow.objects.filter(roster__state__in=UNDER_WAY, verdict__in=APPLICABLE, set_aside="")
    unapplied = RosterChunk.objects.filter(roster=OuterRef("roster"), number=OuterRef("chunk"), applied_at=None)
    return waiting.filter(Exists(unapplied))


def _rows_without(column: str) -> int:
    """Rows that lack an index value: staged before the slot was built."""
    return _rows_waiting().filter(**{f"{column}__isnull": True}).count()


def _rows_without_identity(slot: str) -> int:
    """The same of identities: the person's, or a guardian's."""
    guardian = Q(speaker_name__isnull=False, **{f"guardian_index_{slot}__isnull": True})
    return _rows_waiting().filter(Q(**{f"identity_index_{slot}__isnull": True}) | guardian).count()


def _rows_half_marked(slot: str) -> int:
    """Rows with marks of the other slot alone; without any, their people are marked when they are applied, or soon after."""
    other = next(each for each in SLOTS if each != slot)
    half = Q()
    for stem in ("name_mark", "phone_mark"):
        half |= Q(**{f"{stem}_{slot}__isnull": True, f"{stem}_{other}__isnull": False})
    return _rows_waiting().filter(half).count()

"""One person who comes without a roster: checked and compared as a roster of one line, then made a person and beneficiary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from audit import blind_index
from audit.faults import fault_point
from audit.sealing import tokens_of
from beneficiaries.columns import COLUMNS
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.marks import mark_of
from beneficiaries.models import Roster
from beneficiaries.models.person import IDENTITY, MARKS, NAME
from beneficiaries.template import RosterContext, RosterTemplate
from beneficiaries.turns import cover_beside_others
from intake.checks import Context
from intake.context import region_frame
from intake.findings import Severity, Verdict
from programs.models import Category, Period
from programs.terms import plan_terms

_COLUMN = {column.key: column for column in COLUMNS}
#: What an applicant may say; categories are what offices find, and what holds for everybody.
CELLS = tuple(key for key in _COLUMN if key != "categories")
_CONTACT = ("phone", "address", "bank_account", "guardian_name", "guardian_document")


class _ApplicantTemplate(RosterTemplate):
    """A line that no file holds: it puts no guardian on record, and the plan's demand of one is asked of what is."""

    puts_guardians_on_record = False


_APPLICANT = _ApplicantTemplate()


@dataclass(frozen=True)
class Applicant:
    """A checked line: cleaned values, sealed tokens and index values by column name, ids of what counts for money."""

    values: Mapping[str, Any]
    sealed: Mapping[str, bytes | None]

    @property
    def premium(self) -> Decimal:
        """Yuan."""
        return Decimal(self.values["premium"])

    @property
    def own_share(self) -> Decimal:
        """Yuan."""
        return Decimal(self.values["own_share"])


@dataclass(frozen=True)
class Known:
    """The rows that an applicant has."""

    person_id: int
    beneficiary_id: int


def check_applicant(
    cells: Mapping[str, str], *, period: Period, organization: Organization, cover_from: Any, at: datetime,
    categories: Sequence[str] = (),
) -> Applicant:
    """What the intake's rules and the plan say of one person's cells; ApplicantRefused names what is wrong with which.

    `categories`: codes that the office found of the person, beside those that hold for everybody.

    In the caller's transaction: what the index values were made under is held to its end.
    """
    unknown = sorted(set(cells) - set(CELLS))
    if unknown:
        raise BeneficiariesRefused("CELLS_UNKNOWN", cells=", ".join(unknown))
    context = _context(period, organization, cover_from=cover_from, at=at, found=categories)
    _APPLICANT.hold(context)
    with connection.cursor() as cursor:
        cover_beside_others(cursor)
    open_to_all = [
        code for code, _id in context.terms.categories if code in context.checks.categories and code not in categories
    ]
    held = "、".join((*categories, *open_to_all))
    line = {key: (cells.get(key) or None) for key in CELLS} | {"categories": held or None}
    frame = pl.DataFrame(
        {**{key: [line[key]] for key in _COLUMN}, "sheet": [""], "line": [1]},
        schema={**dict.fromkeys(_COLUMN, pl.String), "sheet": pl.String, "line": pl.Int32},
    )
    checked = _APPLICANT.check(frame, context)
    compared = _APPLICANT.compare(checked, context)
    row = compared.frame.row(0, named=True)
    wrong = compared.findings.filter(pl.col("severity").is_in([Severity.ERROR.value, Severity.DOUBT.value]))
    if wrong.filter(pl.col("code") == "IDENTITY_CONFLICT").height and row["verdict"] == Verdict.DOUBTFUL:
        raise ApplicantRefused("IDENTITY_CONFLICT", person_id=row["known_person_id"])
    if row["verdict"] in (Verdict.REFUSED, Verdict.DOUBTFUL):
        raise ApplicantRefused(
            "APPLICANT",
            findings=[
                (found["column"], found["code"], found["value_masked"] or "", found["extra"] or "")
                for found in wrong.iter_rows(named=True)
            ],
        )
    # Covered, too: a line that only adds to a cover.
    if row["verdict"] == Verdict.COVERED or row["enrollment_id"] is not None:
        raise BeneficiariesRefused("ALREADY_COVERED")
    return Applicant(row, {name: tokens_of(cells)[0] for name, cells in compared.sealed.items()})


def know(applicant: Applicant, *, period: Period, organization: Organization, at: datetime) -> Known:
    """The applicant's person and beneficiary, found or made, the person locked to the transaction's end.

    What an office knows of a person is not written over by what is said in passing: a known beneficiary stays as it is.
    """
    fault_point("beneficiaries.know.before")
    person_id = _person(applicant, at=at)
    beneficiary_id = _beneficiary(applicant, person_id, period=period, organization=organization, at=at)
    fault_point("beneficiaries.know.after")
    return Known(person_id, beneficiary_id)


def _context(
    period: Period, organization: Organization, *, cover_from: Any, at: datetime, found: Sequence[str] = ()
) -> RosterContext:
    day = timezone.localdate(at)
    terms = plan_terms(period.plan)
    known = list(Category.objects.values_list("code", "pk", "name"))
    open_to_all = dict.fromkeys(
        Category.objects.filter(holds_for_everybody=True, active=True).values_list("code", flat=True)
    )
    roster = Roster(
        program=period.program, plan=period.plan, period=period, organization=organization,
        region_code=organization.region_code, cover_from=cover_from,
    )
    return RosterContext(
        roster=roster, terms=terms,
        checks=Context(
            today=day, regions=region_frame(on=day), prefixes=(organization.region_code,),
            categories={code: code for code in (*open_to_all, *found)},
        ),
        category_ids={code: pk for code, pk, _name in known}, category_names={code: name for code, _pk, name in known},
        year=day.year,
    )


# Another request may bring the same person at the same moment: the one that comes later finds the earlier one's.
_NEW_PERSON = """
INSERT INTO beneficiaries_person (name, document, document_type, birth_on, sex, identity_index_a, identity_index_b,
    name_index_a, name_index_b, created_at)
VALUES (%(name)s, %(document)s, %(document_type)s, %(birth_on)s, %(sex)s, %(identity_index_a)s, %(identity_index_b)s,
    %(name_index_a)s, %(name_index_b)s, %(at)s)
ON CONFLICT DO NOTHING
"""
_FIND_PERSON = """
SELECT id, name_index_{name} IS NOT DISTINCT FROM %(wanted_name)s FROM beneficiaries_person
WHERE id = coalesce(
    (SELECT id FROM beneficiaries_person WHERE identity_index_{identity} = %(wanted_identity)s),
    (SELECT person_id FROM beneficiaries_persondocument
     WHERE identity_index_{identity} = %(wanted_identity)s AND standing <> 'mistaken')
) FOR NO KEY UPDATE
"""


def _person(applicant: Applicant, *, at: datetime) -> int:
    identity, name = blind_index.active_slot(IDENTITY), blind_index.active_slot(NAME)
    values, sealed = applicant.values, applicant.sealed
    facts = {
        **sealed, "document_type": values["document_type"] or "resident_id", "birth_on": values["birth_on"],
        "sex": values["sex"] or "", "at": at, "wanted_identity": sealed[f"identity_index_{identity}"],
        "wanted_name": sealed[f"name_index_{name}"],
    }
    with connection.cursor() as cursor:
        find = _FIND_PERSON.format(identity=identity, name=name)
        cursor.execute(find, facts)
        found = cursor.fetchone()
        if found is None:
            cursor.execute(_NEW_PERSON, facts)
            cursor.execute(find, facts)
            found = cursor.fetchone()
    person_id, same_name = found
    if not same_name:
        raise ApplicantRefused("IDENTITY_CONFLICT", person_id=person_id)
    return int(person_id)


_NEW_BENEFICIARY = """
INSERT INTO beneficiaries_beneficiary (person_id, program_id, organization_id, region_code, phone, address, bank_name,
    bank_account, guardian_name, guardian_document, contact_digest, created_at, updated_at, name_mark_a,
    name_mark_b, phone_mark_a, phone_mark_b)
VALUES (%(person)s, %(program)s, %(organization)s, %(region_code)s, %(phone)s, %(address)s, %(bank_name)s,
    %(bank_account)s, %(guardian_name)s, %(guardian_document)s, %(contact_digest)s, %(at)s, %(at)s, %(name_mark_a)s,
    %(name_mark_b)s, %(phone_mark_a)s, %(phone_mark_b)s)
ON CONFLICT (person_id, program_id, organization_id) DO NOTHING
"""
_FIND_BENEFICIARY = """
SELECT id FROM beneficiaries_beneficiary
WHERE person_id = %(person)s AND program_id = %(program)s AND organization_id = %(organization)s
"""


def _beneficiary(
    applicant: Applicant, person_id: int, *, period: Period, organization: Organization, at: datetime
) -> int:
    values, sealed = applicant.values, applicant.sealed
    facts = {
        **{key: sealed[key] for key in (*_CONTACT, "contact_digest")}, "person": person_id,
        "program": period.program_id, "organization": organization.pk, "region_code": values["region_code"],
        "bank_name": values["bank_name"] or "", "at": at, **{name: mark_of(sealed.get(name)) for name in MARKS},
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEW_BENEFICIARY, facts)
        cursor.execute(_FIND_BENEFICIARY, facts)
        return int(cursor.fetchone()[0])

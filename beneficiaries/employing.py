"""Rosters of an employer: its staff and, where that is agreed, their families; who pays is told when the roster is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import polars as pl
from django.utils.translation import gettext_lazy as _

from beneficiaries.columns import COLUMNS
from beneficiaries.covered_before import for_everybody
from beneficiaries.models import Roster
from beneficiaries.template import RosterContext, RosterTemplate
from intake.checks import Checked
from intake.columns import Column
from intake.findings import Meaning, Severity
from intake.template import Compared

RELATION = "employee_relation"
#: The employee themself; an empty cell says the same.
EMPLOYEE = "本人"
#: Where it is named in an address, beside the purposes.
LAYOUT = "employer"
_USABLE = pl.col("worst") < Severity.ERROR.weight
MEANINGS = (
    Meaning(
        "FAMILY_MEMBER", Severity.WARNING, _("a family member of an employee (%(extra)s)"), _("nothing to do"),
    ),
    Meaning(
        "FAMILY_NOT_TAKEN", Severity.ERROR, _("a family member of an employee, and the employer enrolls its staff alone"),
        _("take the line out, or say on the employer's page that family members may be enrolled"),
    ),
)
#: Draws up what is owed for an applied roster, in the transaction that finishes it.
Billing = Callable[[Roster, datetime], object]
_billings: list[Billing] = []

EMPLOYED_COLUMNS = (
    *(
        # Of the staff of a company few have any; a plan for everybody takes them in without.
        replace(column, required=False, example="", help=_("Only where the plan prices a category; several: separated by 、"))
        if column.key == "categories" else column
        for column in COLUMNS
    ),
    Column(
        RELATION, "与职工关系", ("与员工关系", "员工关系", "职工关系", "家属关系"), clean="choice",
        choices=(EMPLOYEE, "配偶", "子女", "父母", "配偶父母", "其他"), example=EMPLOYEE,
        help=_("Empty: the employee. Others where family members may be enrolled."),
    ),
)


def register_billing(billing: Billing) -> None:
    """Who draws up what an employer owes. Called from `ready()`."""
    _billings[:] = [billing]


class EmployerTemplate(RosterTemplate):
    """The plain layout; whoever a plan takes in without a category needs none, and lines may be of family members."""

    title = _("Employer's roster")
    columns: ClassVar[tuple[Column, ...]] = EMPLOYED_COLUMNS

    def compare(self, checked: Checked, context: RosterContext) -> Compared:
        """Everybody holds the categories that are open to all, as at the counter."""
        everybody = set(for_everybody(context.roster))
        held = [code for code, number in context.terms.categories if number in everybody]
        if held:
            said = pl.col("categories").fill_null([])
            categories = said.list.concat(pl.lit(held, pl.List(pl.String))).list.unique(maintain_order=True)
            checked = Checked(checked.frame.with_columns(categories=categories), checked.findings)
        return super().compare(checked, context)

    def admit(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Family members are told where they may be enrolled, else refused."""
        frame, findings = super().admit(frame, findings, context)
        employer: Any = context.roster.employer
        family = _USABLE & (pl.col(RELATION) != EMPLOYEE).fill_null(value=False)
        if employer.takes_families:
            return frame, self.find(findings, frame, "FAMILY_MEMBER", RELATION, family, extra=RELATION)
        return self.refuse(frame, findings, "FAMILY_NOT_TAKEN", RELATION, family)

    def release(self, subject: Roster, *, at: datetime) -> None:
        """What was held and not used goes back; what the employer owes is drawn up."""
        super().release(subject, at=at)
        for billing in _billings:
            billing(subject, at)

    def terms_of(self, subject: Roster) -> Sequence[str]:
        """Who pays, too."""
        return (*super().terms_of(subject), f"employer {subject.employer_id}")


EMPLOYED = EmployerTemplate()

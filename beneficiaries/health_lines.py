"""Health that lines declare: read, staged beside, stated with the cover that a line makes, taken back with its roster.

A chunk in which no line declares anything passes in one look at one column, and at an empty index when it is applied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audit import keys
from audit.faults import fault_point
from audit.history import plan_anew
from audit.sealing import Unsealed
from beneficiaries.models import HealthClass, HealthSource, HealthStatement, Purchase, RosterRow
from beneficiaries.models.person import BENEFICIARY_KEY
from intake.findings import Meaning, Severity
from intake.framing import Cells

COLUMN = "health"
#: Columns of a row that are staged beside: only where a chunk has any. The first one is filled wherever another is.
STAGED = ("health_class", "health_groups")
MEANINGS = (
    Meaning(
        "HEALTH_UNREAD", Severity.ERROR,
        _("the health declaration is none of the words that are known, or names a group that no plan of the program has"),
        _("write 健康, 既往症, or the names of the plan's groups with 、 between; leave it empty where nothing was declared"),
    ),
    Meaning(
        "HEALTH_COVERED", Severity.WARNING, _("covered already: what this line declares of health was left out"),
        _("where it holds, state it on the person's page"),
    ),
)
#: Words of files, and of the counter's form.
HEALTHY = ("健康", "无", "否", "无既往症", "非既往症")
PRE_EXISTING = ("既往症", "有", "是", "有既往症", "非健康")
_PARTS = re.compile("[、,\uff0c;\uff1b/\\s]+")
_USABLE = pl.col("worst") < Severity.ERROR.weight
#: Rows of a chunk that declare something: few, found by an index of their own.
_NAMED = "line.roster_id = %(roster)s AND line.chunk = %(chunk)s AND line.health_class IS NOT NULL"
_ANY = f"SELECT EXISTS (SELECT FROM beneficiaries_rosterrow line WHERE {_NAMED})"  # noqa: S608 - text of our own
_STATE = f"""
INSERT INTO beneficiaries_healthstatement
    (beneficiary_id, health_class, groups, from_on, source, row_id, reference, by_label, created_at)
SELECT w.beneficiary_id, line.health_class, line.health_groups, %(begins)s, '{HealthSource.ROSTER.value}', line.id, '',
    %(by)s, %(at)s
FROM beneficiaries_rosterrow line JOIN roster_work w ON w.row_id = line.id WHERE {_NAMED} AND NOT w.adds ORDER BY line.id
"""  # noqa: S608 - text of our own
_STATED = "SELECT EXISTS (SELECT FROM beneficiaries_healthstatement said JOIN undo_work w ON w.row_id = said.row_id)"
_TAKE_BACK = """
UPDATE beneficiaries_healthstatement said SET taken_back_at = %(at)s FROM undo_work w
WHERE said.row_id = w.row_id AND w.keeper = '' AND said.taken_back_at IS NULL
"""


def read(text: str, groups: Mapping[str, str]) -> tuple[str, str | None] | None:
    """The class and the codes of groups that a declaration says; None where it is not understood. `groups`: code -> name."""
    said = [each for each in _PARTS.split(text.strip()) if each]
    if len(said) == 1 and said[0] in HEALTHY:
        return HealthClass.HEALTHY.value, None
    codes = {**{name: code for code, name in groups.items()}, **{code: code for code in groups}}
    named = [each for each in said if each not in PRE_EXISTING]
    if not said or any(each not in codes for each in named):
        return None
    return HealthClass.PRE_EXISTING.value, ",".join(sorted({codes[each] for each in named})) or None


def judged(template: Any, frame: pl.DataFrame, findings: pl.DataFrame, context: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with `health_class` and `health_groups` (codes), and what is found of them; each wording is read once."""
    nothing = {"health_class": pl.lit(None, pl.String), "health_groups": pl.lit(None, pl.String)}
    if COLUMN not in frame.columns or frame[COLUMN].null_count() == len(frame):
        return frame.with_columns(**nothing), findings
    groups = context.health_groups
    said = {text: read(text, groups) for text in frame[COLUMN].drop_nulls().unique().sort()}
    told = pl.DataFrame(
        [(text, *(found or (None, None))) for text, found in said.items()],
        schema={COLUMN: pl.String, "health_class": pl.String, "health_groups": pl.String}, orient="row",
    )
    frame = frame.join(told, on=COLUMN, how="left", maintain_order="left")
    unread = _USABLE & pl.col(COLUMN).is_not_null() & pl.col("health_class").is_null()
    frame, findings = template.refuse(frame, findings, "HEALTH_UNREAD", COLUMN, unread)
    covered = pl.col("enrollment_id").is_not_null() & pl.col("same_name")
    findings = template.find(findings, frame, "HEALTH_COVERED", COLUMN, _USABLE & covered & pl.col("health_class").is_not_null())
    kept = _USABLE & ~covered.fill_null(value=False)
    return frame.with_columns(pl.when(kept).then(name).alias(name) for name in STAGED), findings


def cells(frame: pl.DataFrame, context: Any) -> Mapping[str, Cells | Unsealed]:
    """The columns that are staged beside; nothing where no row declares anything."""
    if "health_class" not in frame.columns or not frame.select((_USABLE & pl.col("health_class").is_not_null()).any()).item():
        return {}
    told = frame.select(pl.when(_USABLE).then(name).alias(name) for name in STAGED)
    sealer = keys.sealer("beneficiary.health_groups", purpose=BENEFICIARY_KEY, program_code=context.program_code, year=context.year)
    return {
        "health_class": [None if text is None else text.encode() for text in told["health_class"].to_list()],
        "health_groups": sealer.later(told["health_groups"].to_list()),
    }


def state(cursor: Any, facts: Mapping[str, Any], *, begins: date, by: str) -> None:
    """What the lines in the work table of a chunk declared holds from the first day of the covers that they made."""
    cursor.execute(_ANY, facts)
    if not cursor.fetchone()[0]:
        return
    fault_point("beneficiaries.state_health.before")
    cursor.execute("CREATE INDEX ON roster_work (row_id)")
    plan_anew(cursor)
    cursor.execute(_STATE, {**facts, "begins": begins, "by": by})
    fault_point("beneficiaries.state_health.after")


def take_back(cursor: Any, *, at: datetime) -> None:
    """What the lines of an undo's work table had stated is taken back; what keeps a cover keeps what was said with it."""
    cursor.execute(_STATED)
    if not cursor.fetchone()[0]:
        return
    fault_point("beneficiaries.undo_health.before")
    plan_anew(cursor)
    cursor.execute(_TAKE_BACK, {"at": at})
    fault_point("beneficiaries.undo_health.after")


def state_said(purchase: Purchase, said: Mapping[int, Mapping[str, Any]], *, begins: date, by: Any, at: datetime) -> None:
    """What was declared when people were enrolled (beneficiary -> a checked line's values), in the caller's transaction."""
    declared = {beneficiary: values for beneficiary, values in said.items() if values.get("health_class")}
    if not declared:
        return
    fault_point("beneficiaries.state_said.before")
    HealthStatement.objects.bulk_create(
        HealthStatement(
            beneficiary_id=beneficiary, health_class=values["health_class"], groups=values["health_groups"], from_on=begins,
            source=HealthSource.PURCHASE, purchase=purchase, by_label=str(by)[:80], created_at=at,
        )
        for beneficiary, values in sorted(declared.items())
    )
    fault_point("beneficiaries.state_said.after")


def said_by(row: RosterRow) -> list[str]:
    """What a line declares, in one sentence: the class, and how many groups."""
    if not row.health_class:
        return []
    words = [str(HealthClass(row.health_class).label), *([str(row.health_groups)] if row.health_groups is not None else [])]
    return [_t("Health declaration: %(what)s") % {"what": _t(", ").join(words)}]

"""The calendar, the law's terms and the rules for flags that come with the portal; brought in by the command and the demo."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop

from claims.actions.flags import set_flag_rule
from claims.actions.holidays import import_holidays
from claims.actions.service_terms import TermDraft, state_law_term
from claims.lists import HOLIDAY_COLUMNS, KINDS
from claims.models.calendar import Holiday
from claims.models.flag import FlagCode, FlagRule
from claims.models.service_term import ServiceTerm, TermKind
from programs.actions.lists import ListImport

SYSTEM = gettext_noop("system:reference")
#: The edition that comes with the portal: see SOURCE.md beside it.
VENDORED = Path(__file__).parent.parent / "fixtures" / "calendar" / "holidays.csv"
#: Since the law has the article.
_SINCE = date(2009, 10, 1)
#: Kind, calendar days, where it is laid down. The first has no number in the law: how long "promptly" is, its keeper says.
LAW = (
    (TermKind.DECIDE, 5, "《保险法》第二十三条：及时作出核定（本平台按5日掌握）"),
    (TermKind.DECIDE_COMPLEX, 30, "《保险法》第二十三条：情形复杂的，在三十日内作出核定"),
    (TermKind.PAY, 10, "《保险法》第二十三条：达成协议后十日内履行赔付义务"),
    (TermKind.REFUSAL_NOTICE, 3, "《保险法》第二十四条：自作出核定之日起三日内发出拒赔通知书，并说明理由"),
)
#: Flag, number, share: what begins, to be set as offices learn.
FLAGS = (
    (FlagCode.ACCOUNT, 3, None), (FlagCode.STAYS, 1, None), (FlagCode.COVER, 30, None), (FlagCode.DECEASED, None, None),
    (FlagCode.STAFF, None, None), (FlagCode.HOSPITAL, 20, None), (FlagCode.AMOUNT, 30, Decimal("0.950")),
    (FlagCode.INVOICE, None, None),
)


class CalendarFileError(ValueError):
    """A file that is no calendar; the sentence says which line."""


def read_calendar(path: Path) -> list[Holiday]:
    """Days of a UTF-8 CSV with the headings of the list's own import."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        wanted = [str(column.label) for column in HOLIDAY_COLUMNS]
        if missing := [name for name in wanted if name not in (reader.fieldnames or ())]:
            raise CalendarFileError(_t("Columns are missing: %(columns)s.") % {"columns": "、".join(missing)})
        return [_holiday(line, row) for line, row in enumerate(reader, 2)]


def _holiday(line: int, row: dict[str, str]) -> Holiday:
    day, kind, name, source = ((row.get(str(column.label)) or "").strip() for column in HOLIDAY_COLUMNS)
    try:
        return Holiday(day=date.fromisoformat(day), kind=KINDS[kind].value, name=name[:40], source=source[:120])
    except (ValueError, KeyError):
        raise CalendarFileError(_t("Line %(line)d is no day of a calendar.") % {"line": line}) from None


def make_holidays(*, at: datetime) -> ListImport:
    """The calendars that come with the portal; again, nothing changes, and what a keeper changed stays."""
    known = set(Holiday.objects.values_list("day", flat=True))
    return import_holidays([each for each in read_calendar(VENDORED) if each.day not in known], by=SYSTEM, at=at)


def make_law_terms(*, at: datetime) -> int:
    """The law's terms; those that a keeper has stated stay. How many were made."""
    known = set(ServiceTerm.objects.filter(program=None).values_list("kind", flat=True))
    wanted = [each for each in LAW if each[0] not in known]
    for kind, days, source in wanted:
        state_law_term(TermDraft(kind, days, source, _SINCE), by=SYSTEM, at=at)
    return len(wanted)


def make_flag_rules(*, at: datetime) -> int:
    """Rules for flags of all programs; those that a keeper has set stay. How many were made."""
    known = set(FlagRule.objects.filter(program=None).values_list("code", flat=True))
    wanted = [each for each in FLAGS if each[0] not in known]
    for code, number, share in wanted:
        set_flag_rule(None, code=code, active=True, number=number, share=share, by=SYSTEM, at=at)
    return len(wanted)

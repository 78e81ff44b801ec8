"""How long what is kept, and from when: kinds of records, the law's minimum, what holds where nothing else was said; rules only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class Kind(models.TextChoices):
    """Kinds of records that have a term of their own."""

    COVER = "cover", _("Policy records")
    UNCOVERED = "uncovered", _("People never covered")
    LIST = "list", _("Lists and lines behind no cover")
    PAYMENT = "payment", _("Statements, receipts and invoices: lines of nobody")


class Unit(models.TextChoices):
    """What a term is counted in."""

    YEARS = "years", _("Years")
    DAYS = "days", _("Days")


@dataclass(frozen=True)
class Rule:
    """`least`: below it nobody goes, in the kind's unit; the database holds it, too."""

    unit: Unit
    least: int
    begins: str | Promise
    holds: str | Promise


#: The law's minimum: insurance policies of one year, five years from their end (longer ones ten: `LONG_YEARS`); payments, ten
#: years (anti-money-laundering). From memory, to be confirmed by a lawyer: ADR 33.
RULES: dict[str, Rule] = {
    Kind.COVER: Rule(
        Unit.YEARS, 5, _("the end of the last cover"),
        _("name, document, contact, bank account, guardians and agents, their documents and changes, requests, lines of files"),
    ),
    Kind.UNCOVERED: Rule(Unit.DAYS, 30, _("the enrollment that came to nothing"), _("the same, of people whose cover never stood")),
    Kind.LIST: Rule(
        Unit.DAYS, 30, _("the end of the list: refused, withdrawn, failed, undone, applied"),
        _("uploaded files of lists that came to nothing; lines that enrolled nobody"),
    ),
    Kind.PAYMENT: Rule(
        Unit.YEARS, 10, _("the end of the import"),
        _("lines that name nobody whom the office knows; their files, once no line is left"),
    ),
}
#: A cover of more than a year is kept ten, whatever the term says.
LONG_COVER, LONG_YEARS = "366 days", 10
MOST = {Unit.YEARS: 100, Unit.DAYS: 3650}


def default_length(kind: str) -> int:
    """What holds where a program has no term of its own."""
    return {
        Kind.COVER: max(settings.RETENTION_YEARS, RULES[Kind.COVER].least), Kind.UNCOVERED: 1095, Kind.LIST: 180, Kind.PAYMENT: 10,
    }[Kind(kind)]


def in_words(length: int, unit: str) -> str:
    """"10 years"."""
    if unit == Unit.YEARS:
        return ngettext("%(number)d year", "%(number)d years", length) % {"number": length}
    return ngettext("%(number)d day", "%(number)d days", length) % {"number": length}


def earlier(at: datetime, length: int, unit: str) -> datetime:
    """So long before a moment; a leap day's year before is the 28th."""
    if unit == Unit.DAYS:
        return at - timedelta(days=length)
    try:
        return at.replace(year=at.year - length)
    except ValueError:
        return at.replace(year=at.year - length, day=28)


def interval(length: int, unit: str) -> str:
    """As PostgreSQL reads it."""
    return f"{length} {Unit(unit).value}"


#: Why somebody stays although the program's own term is over; the first that holds is told. What another office keeps is told
#: in no other words than a hold: that somebody is known elsewhere is nobody's business here.
class Kept(models.TextChoices):
    """Codes of lines."""

    OTHER = "other", _("to be kept for another duty")
    REQUEST = "request", _("a request about their data is open")
    CHANGE = "change", _("a change of theirs waits")
    AUDIT = "audit", _("the evidence of an audit sample is kept")
    MONEY = "money", _("money is not settled")
    DISPUTE = "dispute", _("a complaint or an appeal is not answered yet")
    COVER = "cover", _("a cover runs, waits or is within its term")


def kept_in_words(code: str) -> str:
    """Why a line stays."""
    return str(Kept(code).label)

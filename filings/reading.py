"""A checked line as cases take it: the event, one bill with its charges, the payee. Nothing is asked and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from claims.actions import Account, Charge, Report
from claims.models import Bill, Channel, EventKind, Payee, Reporter
from filings.columns import AMOUNTS

#: Amounts beside the total, by the fields of a bill.
PARTS = tuple(column.key for column in AMOUNTS if column.key != "total")
_CODE = re.compile(r"[A-Za-z][0-9]{2}(?:\.[0-9A-Za-z]{1,6})?(?:[+*])?")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:：点时]([0-5][0-9])(?:[:：分][0-5]?[0-9]?)?秒?")
_NOON = time(12)


@dataclass(frozen=True)
class Line:
    """What a line says, cleaned; texts are empty and everything else None where it says nothing."""

    claim_number: str
    name: str
    event_on: date
    event_time: str = ""
    event_kind: str = ""
    diagnosis: str = ""
    reported_on: date | None = None
    hospital_id: int | None = None
    hospital_name: str = ""
    setting: str = ""
    locality: str = ""
    settled: bool | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    issued_on: date | None = None
    invoice_code: str = ""
    invoice_number: str = ""
    check_code: str = ""
    total: Decimal | None = None
    amounts: Mapping[str, Decimal] | None = None
    charges: Mapping[str, Decimal] | None = None
    payee: str = ""
    payee_name: str = ""
    payee_account: str = ""
    bank_name: str = ""
    bank_code: str = ""
    reporter: str = ""
    reporter_name: str = ""
    reporter_phone: str = ""

    @property
    def has_bill(self) -> bool:
        """Whether anything of an invoice is said."""
        return self.total is not None or bool(self.invoice_number or self.charges or self.amounts)

    @property
    def event_at(self) -> datetime:
        """The moment; a day whose hour is not said stands at its noon."""
        at = time.fromisoformat(self.event_time) if self.event_time else _NOON
        return timezone.make_aware(datetime.combine(self.event_on, at))

    @property
    def code(self) -> str:
        """The diagnosis where it is a code."""
        return code_of(self.diagnosis)


_TEXTS = {field.name for field in fields(Line) if field.type in ("str", str)}


def line_of(cells: Mapping[str, Any]) -> Line:
    """From checked cells, or the columns of a staged row; amounts come as text or numbers."""
    said: dict[str, Any] = {field.name: cells.get(field.name) for field in fields(Line)}
    for name in _TEXTS:
        said[name] = said[name] or ""
    for name in ("amounts", "charges"):
        said[name] = {key: Decimal(str(value)) for key, value in (said[name] or {}).items()}
    return Line(**said)


def clock_of(text: str) -> str | None:
    """HH:MM of what people write; None where it is no time of day."""
    found = _TIME.fullmatch("".join(text.split()))
    return None if found is None else f"{int(found[1]):02d}:{found[2]}"


def code_of(diagnosis: str) -> str:
    """A diagnosis that is a code of ICD-10, in capitals; "" where it is words."""
    plain = diagnosis.strip()
    return plain.upper() if _CODE.fullmatch(plain) else ""


def report_of(line: Line) -> Report:
    """What is told of the event. Words of a diagnosis are kept sealed, with how it happened."""
    words = "" if line.code else line.diagnosis
    return Report(
        event_at=line.event_at, time_known=bool(line.event_time), kind=line.event_kind or EventKind.ILLNESS, diagnosis=line.code,
        channel=Channel.FILE, reporter=reporter_of(line), reporter_name=line.reporter_name or line.name,
        reporter_phone=line.reporter_phone, account=words, reported_on=line.reported_on,
    )


def reporter_of(line: Line) -> str:
    """Who reports: as the line says it, else the insured person, or somebody for them."""
    if line.reporter:
        return line.reporter
    return Reporter.SELF if line.reporter_name in ("", line.name) else Reporter.AGENT


def bill_of(line: Line) -> tuple[Bill, list[Charge]] | None:
    """The invoice with its charges; None where the line has none."""
    if not line.has_bill:
        return None
    setting = line.setting or ("inpatient" if line.admitted_on is not None else "outpatient")
    bill = Bill(
        invoice_code=line.invoice_code, invoice_number=line.invoice_number, check_code=line.check_code,
        issued_on=line.issued_on or line.discharged_on or line.event_on, setting=setting, locality=line.locality or "local",
        settled=True if line.settled is None else line.settled, hospital_id=line.hospital_id,
        hospital_name=line.hospital_name or "—", admitted_on=line.admitted_on, discharged_on=line.discharged_on,
        diagnosis=line.code, total=line.total if line.total is not None else sum((line.charges or {}).values(), Decimal("0.00")),
        **{name: (line.amounts or {}).get(name) for name in PARTS},
    )
    return bill, [Charge(kind, amount) for kind, amount in (line.charges or {}).items() if amount]


def account_of(line: Line) -> Account | None:
    """Who is paid, and where; None where no account is said."""
    if not line.payee_account:
        return None
    return Account(
        line.payee or Payee.SELF, line.payee_name or line.name, line.payee_account, line.bank_name, line.bank_code
    )


def stay_of(line: Line) -> tuple[date, date] | None:
    """The days in which the event of a stay lies: a week before it up to its end."""
    if line.admitted_on is None:
        return None
    return line.admitted_on - timedelta(days=7), line.discharged_on or line.admitted_on

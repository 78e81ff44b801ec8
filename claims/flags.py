"""Flags of a claim: what a person should look at before it is decided, with what was seen. They decide nothing.

Each is asked in one question, whatever the claim; of other offices' people and cases numbers are told, never who or what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from accounts.models import User
from beneficiaries.models import Enrollment
from claims.models.bill import Bill, Setting, Standing
from claims.models.claim import Claim, Payee, account_stem
from claims.models.flag import FlagCode, FlagLook, FlagRule
from claims.rules.flagging import Stay, Usual, after_death, folded, outside_cover, overlaps, soon_after_begin, unusual

#: A cover that ended so shortly before is followed by this one.
_GAP = timedelta(days=90)
#: Rows that a question reads at most: beyond, "many" is said.
MOST = 5_000
_ACCOUNT = f"""
SELECT count(DISTINCT coalesce(p.merged_into_id, p.id)) FROM (
    SELECT enrollment_id FROM claims_claim
    WHERE {account_stem("{slot}")} = {account_stem("%(account)s")} AND {{slot}} = %(account)s AND id <> %(claim)s
        AND payee <> 'hospital' LIMIT {MOST}
) c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id JOIN beneficiaries_person p ON p.id = e.person_id
WHERE coalesce(p.merged_into_id, p.id) <> %(person)s
"""  # noqa: S608 - names of ours
_STAYS = """
SELECT DISTINCT b.id, b.case_id, b.admitted_on, b.discharged_on
FROM beneficiaries_person p JOIN beneficiaries_enrollment e ON e.person_id = p.id
JOIN claims_claim c ON c.enrollment_id = e.id JOIN claims_bill b ON b.case_id = c.case_id
WHERE (p.id = %(person)s OR p.merged_into_id = %(person)s) AND b.standing IN ('stands', 'allowed')
    AND b.admitted_on < %(last)s AND b.discharged_on > %(first)s
ORDER BY b.id LIMIT 500
"""
_HOSPITALS = """
SELECT asked.hospital, asked.day, (
    SELECT count(DISTINCT found.case_id) FROM (
        SELECT case_id FROM claims_bill b WHERE b.hospital_id = asked.hospital AND b.issued_on = asked.day
            AND b.standing <> 'removed' LIMIT {most}
    ) found
) FROM unnest(%s::bigint[], %s::date[]) AS asked(hospital, day)
"""
_USUAL = """
WITH latest AS (
    SELECT id FROM claims_case WHERE left(diagnosis, 3) = %(category)s AND diagnosis <> '' AND id < %(case)s
    ORDER BY id DESC LIMIT 20000
), own AS (
    SELECT latest.id FROM latest WHERE EXISTS (
        SELECT FROM claims_claim c WHERE c.case_id = latest.id AND c.program_id = %(program)s
    ) ORDER BY latest.id DESC LIMIT 2000
), totals AS (
    SELECT sum(b.total) AS total FROM own JOIN claims_bill b ON b.case_id = own.id
    WHERE b.standing IN ('stands', 'allowed') GROUP BY own.id HAVING bool_or(b.setting = 'inpatient') = %(inpatient)s
)
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY total), percentile_disc(%(share)s) WITHIN GROUP (ORDER BY total)
FROM totals
"""


@dataclass(frozen=True)
class Flag:
    """What was seen: `facts` are numbers and days, from which key and sentence follow; `look` is what somebody said of it."""

    code: FlagCode
    sentence: str
    facts: Mapping[str, Any]
    look: FlagLook | None = None

    @property
    def title(self) -> str:
        """What is asked."""
        return str(self.code.label)

    @property
    def tone(self) -> str:
        """Of its badge."""
        return "wait" if self.look is None else "calm"

    @property
    def key(self) -> str:
        """Stands for what was seen."""
        text = json.dumps([self.code.value, dict(self.facts)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass
class Seen:
    """A claim with what several flags ask of it, each read at most once."""

    claim: Claim
    rules: Mapping[str, FlagRule] = field(default_factory=dict)

    @cached_property
    def bills(self) -> list[Bill]:
        """All bills of the case that were not taken out."""
        return list(self.claim.case.bills.exclude(standing=Standing.REMOVED).select_related("hospital").order_by("pk"))

    @cached_property
    def counting(self) -> list[Bill]:
        """Bills that go into the decision."""
        return [bill for bill in self.bills if bill.counts]

    @property
    def person_id(self) -> int:
        """Of whom it is, whoever was merged into whom."""
        person = self.claim.enrollment.person
        return int(person.merged_into_id or person.pk)

    @property
    def is_inpatient(self) -> bool:
        """Whether a bill that counts is of a stay."""
        return any(bill.setting == Setting.INPATIENT for bill in self.counting)

    @property
    def died_on(self) -> date | None:
        """As the person's page or the case says it."""
        days = [day for day in (self.claim.enrollment.person.deceased_on, self.claim.case.died_on) if day is not None]
        return min(days, default=None)


def flags_of(claim: Claim) -> list[Flag]:
    """All flags of a claim, each with what somebody said of it; a constant number of questions."""
    found = Claim.objects.select_related("case", "enrollment__person", "organization").get(pk=claim.pk)
    seen = Seen(found, rules_of(found.program_id))
    looks = {(look.code, look.key): look for look in FlagLook.objects.filter(claim=found).select_related("by")}
    raised = [flag for code, asked in ASKED.items() if code in seen.rules for flag in asked(seen, seen.rules[code])]
    return [Flag(flag.code, flag.sentence, flag.facts, looks.get((flag.code, flag.key))) for flag in raised]


def rules_of(program_id: int) -> dict[str, FlagRule]:
    """Rules that are asked of a program's claims: its own before those of all."""
    rows = FlagRule.objects.filter(Q(program__isnull=True) | Q(program=program_id)).order_by(F("program").asc(nulls_first=True))
    return {code: row for code, row in {row.code: row for row in rows}.items() if row.active}


def _account(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    claim = seen.claim
    slot = "account_index_a" if claim.account_index_a is not None else "account_index_b"
    value, people = getattr(claim, slot), 0
    if value is not None and claim.payee != Payee.HOSPITAL:
        people = _ask(_ACCOUNT.format(slot=slot), {"account": value, "claim": claim.pk, "person": seen.person_id})[0][0]
    if people >= (rule.number or 1):
        yield Flag(
            FlagCode.ACCOUNT,
            ngettext(
                "The payee's account is also stated for %(people)d other person.",
                "The payee's account is also stated for %(people)d other people.", people,
            ) % {"people": people},
            {"people": people},
        )


def _stays(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    own = [bill for bill in seen.counting if bill.admitted_on is not None and bill.discharged_on is not None]
    if not own:
        return
    first, last = min(bill.admitted_on for bill in own), max(bill.discharged_on for bill in own)  # type: ignore[type-var]
    rows = _ask(_STAYS, {"person": seen.person_id, "first": first, "last": last})
    stays = [Stay(bill, admitted, discharged, case == seen.claim.case_id) for bill, case, admitted, discharged in rows]
    for each in overlaps(stays, least=rule.number or 1):
        said = {
            "first": f"{each.stay.admitted_on:%Y-%m-%d}", "last": f"{each.stay.discharged_on:%Y-%m-%d}",
            "other_first": f"{each.other.admitted_on:%Y-%m-%d}", "other_last": f"{each.other.discharged_on:%Y-%m-%d}",
            "days": each.days,
        }
        sentence = (
            _t(
                "Stay from %(first)s to %(last)s and another one of this case from %(other_first)s to %(other_last)s share %(days)d"
                " days."
            )
            if each.other.own
            else _t(
                "Stay from %(first)s to %(last)s and one of another case of this person from %(other_first)s to %(other_last)s"
                " share %(days)d days."
            )
        )
        yield Flag(FlagCode.STAYS, sentence % said, said)


def _cover(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    cover, case = seen.claim.enrollment, seen.claim.case
    said = {"event": f"{case.event_on:%Y-%m-%d}"}
    side = outside_cover(case.event_at, cover.starts_at, cover.ends_at)
    if side == "before":
        yield Flag(FlagCode.COVER, _t("The event of %(event)s lies before the cover began.") % said, {**said, "side": side})
    elif side:
        yield Flag(FlagCode.COVER, _t("The event of %(event)s lies after the cover ended.") % said, {**said, "side": side})
    before = Enrollment.objects.filter(
        person=cover.person_id, program=cover.program_id, state__in=("in_force", "ended"), starts_at__lt=cover.starts_at,
        ends_at__gte=cover.starts_at - _GAP,
    ).exclude(pk=cover.pk)
    days = soon_after_begin(case.event_at, cover.starts_at, days=rule.number or 0, followed_on=before.exists())
    if days is not None:
        yield Flag(
            FlagCode.COVER,
            ngettext(
                "The event of %(event)s lies %(days)d day after the person's first cover began.",
                "The event of %(event)s lies %(days)d days after the person's first cover began.", days,
            ) % {**said, "days": days},
            {**said, "days": days},
        )


def _deceased(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    died_on = seen.died_on
    # An invoice may be issued after the stay: the day on which treatment began counts.
    for day in after_death([bill.admitted_on or bill.issued_on for bill in seen.counting], died_on):
        said = {"day": f"{day:%Y-%m-%d}", "died": f"{died_on:%Y-%m-%d}"}
        yield Flag(FlagCode.DECEASED, _t("Treated on %(day)s, after the death on %(died)s.") % said, said)


def _staff(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    """Names of colleagues of the office and of those above it, compared here: no name goes into a question."""
    claim = seen.claim
    steps = [step for step in claim.organization.path.split("/") if step]
    paths = ["/" + "/".join(steps[:count]) + "/" for count in range(1, len(steps) + 1)]
    names = dict(User.objects.filter(is_active=True, organization__path__in=paths).values_list("pk", "display_name"))
    payee = folded(claim.payee_name.reveal()) if claim.payee_name is not None else ""
    alike = sorted(pk for pk, name in names.items() if payee and folded(name) == payee)
    if alike:
        handles = claim.handler_id in alike
        yield Flag(
            FlagCode.STAFF,
            _t("The payee bears the name of whoever handles this claim.") if handles
            else _t("The payee bears the name of a member of staff of this office or of one above it."),
            {"staff": alike, "handles": handles},
        )


def _hospital(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    pairs = sorted({(bill.hospital_id, bill.issued_on) for bill in seen.bills if bill.hospital_id is not None})
    if not pairs or not rule.number:
        return
    names = {bill.hospital_id: bill.hospital.name for bill in seen.bills if bill.hospital is not None}
    rows = _ask(_HOSPITALS.format(most=MOST), [[pair[0] for pair in pairs], [pair[1] for pair in pairs]])
    for hospital, day, cases in rows:
        if cases >= rule.number:
            said = {"hospital": names[hospital], "day": f"{day:%Y-%m-%d}", "cases": cases}
            yield Flag(
                FlagCode.HOSPITAL, _t("%(cases)d cases have invoices of %(hospital)s of %(day)s.") % said,
                # It goes on growing: looked at is the hospital and the day.
                {"hospital": hospital, "day": said["day"]},
            )


def _amount(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    category = seen.claim.case.diagnosis[:3]
    total = sum((bill.total for bill in seen.counting), Decimal("0.00"))
    if len(category) < 3 or not total:
        return
    share = rule.share or Decimal("0.950")
    cases, median, high = _ask(_USUAL, {
        "category": category, "case": seen.claim.case_id, "program": seen.claim.program_id, "inpatient": seen.is_inpatient,
        "share": float(share),
    })[0]
    if cases and unusual(total, Usual(cases, median, high), least=rule.number or 1):
        said = {
            "category": category, "total": f"{total:,.2f}", "cases": cases, "median": f"{median:,.2f}", "high": f"{high:,.2f}",
            "share": f"{share * 100:.1f}".rstrip("0").rstrip("."),
        }
        yield Flag(
            FlagCode.AMOUNT,
            _t(
                "Bills of %(total)s yuan: of %(cases)d earlier cases with %(category)s the middle one has %(median)s, and %(share)s"
                " of a hundred have no more than %(high)s."
            ) % said,
            {"category": category, "total": said["total"]},
        )


def _invoice(seen: Seen, rule: FlagRule) -> Iterator[Flag]:
    for bill in seen.bills:
        if bill.standing in (Standing.DOUBLED, Standing.ALLOWED):
            said = {"amount": f"{bill.total:,.2f}"}
            yield Flag(
                FlagCode.INVOICE, _t("The invoice of %(amount)s yuan stands in another case of the portal, too.") % said,
                {"bill": bill.pk},
            )


ASKED: dict[FlagCode, Callable[[Seen, FlagRule], Iterator[Flag]]] = {
    FlagCode.ACCOUNT: _account, FlagCode.STAYS: _stays, FlagCode.COVER: _cover, FlagCode.DECEASED: _deceased,
    FlagCode.STAFF: _staff, FlagCode.HOSPITAL: _hospital, FlagCode.AMOUNT: _amount, FlagCode.INVOICE: _invoice,
}


def _ask(statement: str, given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())

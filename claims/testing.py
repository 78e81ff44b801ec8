"""What tests of this room and of others need: covers in force, a case with a bill, a claim on its way to a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit.worlds import keepable
from beneficiaries.actions import Payment
from beneficiaries.models import Enrollment
from beneficiaries.tests.purchasing import Market, paid_market, person
from claims import actions
from claims.actions import Account, Charge, Report
from claims.models import Bill, Case, Claim, Decision, Payable, Recovery

D = Decimal
#: An account of nobody's; passes the check of its last digit.
ACCOUNT_NUMBER = "6228480000000007"


@dataclass
class Ward:
    """A supplementary program of a city with the terms of 北京 2025, a person who is covered, and who works on claims."""

    market: Market
    cover: Enrollment
    clerk: User
    reviewer: User
    second: User
    third: User
    colleague: User
    at: datetime

    def report(self, *covers: Enrollment, **changes: Any) -> Case:
        """A case of three days ago, by the clerk; the cover of the ward unless others are named."""
        return actions.report_case(covers or [self.cover], self.told(**changes), by=self.clerk, at=self.at)

    def told(self, **changes: Any) -> Report:
        """What is told of an event of three days ago."""
        happened = timezone.localtime(self.at) - timedelta(days=3)
        noon = happened.replace(hour=12, minute=0, second=0, microsecond=0)
        return Report(**{"event_at": noon, "diagnosis": "C34.1", **changes})

    def bill(self, case: Case, *charges: tuple[str, str], **changes: Any) -> Bill:
        """An invoice of the day after the event; 60,000.00 outside of the catalogue unless said otherwise."""
        lines = [Charge(kind, D(amount)) for kind, amount in charges or [("out_of_catalogue", "60000.00")]]
        return actions.add_bill(case, self.invoice(lines, **changes), lines, by=self.clerk, at=self.at)

    def invoice(self, lines: Sequence[Charge], **changes: Any) -> Bill:
        """A bill that is not kept yet."""
        day = timezone.localdate(self.at) - timedelta(days=2)
        values: dict[str, Any] = {
            "invoice_code": f"{44000000 + self.market.program.pk}", "invoice_number": "0000000001", "issued_on": day,
            "setting": "inpatient",
            "hospital_name": "河源市示例医院", "admitted_on": day - timedelta(days=1), "discharged_on": day,
            "total": sum((line.amount for line in lines), D("0.00")), **changes,
        }
        return Bill(**values)

    def reviewed(self, case: Case) -> list[Claim]:
        """Its claims accepted, filed, taken into hand, with a payee."""
        found = []
        for claim in case.claims.order_by("position"):
            for act in (actions.accept_claim, actions.register_claim, actions.take_claim):
                claim = act(claim, by=self.clerk, at=self.at)
            name = claim.enrollment.person.name.reveal()
            found.append(actions.state_payee(
                claim, Account("self", name, ACCOUNT_NUMBER, "中国农业银行河源分行", "103598000011"), by=self.clerk, at=self.at
            ))
        return found

    def claim(self, *charges: tuple[str, str], number: str = "0000000001", **changes: Any) -> Claim:
        """A reported case with a bill, its one claim under review."""
        case = self.report(**changes)
        self.bill(case, *charges, invoice_number=number)
        return self.reviewed(case)[0]

    def propose(self, claim: Claim, **given: Any) -> Decision:
        """Calculated by the clerk."""
        return actions.propose_decision(claim, by=self.clerk, at=self.at, **given)

    def sign(self, decision: Decision) -> Decision:
        """By as many people as it takes."""
        for by in (self.reviewer, self.second, self.third)[: decision.signatures_needed]:
            decision = actions.sign_decision(decision, digest=decision.digest, by=by, at=self.at)
        return decision

    def decide(self, claim: Claim, **given: Any) -> Decision:
        """Calculated and signed."""
        return self.sign(self.propose(claim, **given))

    def pay(self, claim: Claim) -> Payable:
        """As if a bank had paid what is open."""
        payable = claim.payables.get(state="open")
        actions.take_payables([payable.pk], by=self.second, at=self.at)
        actions.settle_payables([payable.pk], paid_on=self.today, by=self.second, at=self.at)
        payable.refresh_from_db()
        return payable

    def decide_anew(self, claim: Claim, *charges: tuple[str, str], number: str = "0000000091") -> Decision:
        """Reopened, with another bill in place of its one: calculated and signed."""
        actions.reopen_claim(Claim.objects.get(pk=claim.pk), reason="发票金额录错", by=self.reviewer, at=self.at)
        for bill in claim.case.bills.exclude(standing="removed"):
            actions.remove_bill(bill, reason="发票金额录错", by=self.clerk, at=self.at)
        self.bill(claim.case, *charges, invoice_number=number)
        return self.decide(actions.take_claim(Claim.objects.get(pk=claim.pk), by=self.clerk, at=self.at))

    def asked_back(self) -> Payable:
        """31,500.00 were paid, then decided anew at 10,500.00: 21,000.00 are asked back."""
        claim = self.claim()
        self.decide(claim)
        self.pay(claim)
        self.decide_anew(claim, ("out_of_catalogue", "30000.00"))
        return Payable.objects.get(claim=claim, kind="reclaim")

    def received(self, payable: Payable, amount: str = "21000.00", reference: str = "YH1", **changes: Any) -> Recovery:
        """Recorded by the cashier, not confirmed yet."""
        given = {"amount": D(amount), "reference": reference, "received_on": self.today, "by": self.cashier, "at": self.at}
        return actions.record_recovery(payable, **{**given, **changes})

    def insure(self, number: int, *, market: Market | None = None) -> Enrollment:
        """The cover of somebody else, or of another program."""
        return Enrollment.objects.get(pk=bought(market or self.market, number).pk)

    @property
    def cashier(self) -> User:
        """Who records what came back; `third` confirms it."""
        return self.market.world.finance_maker

    @property
    def today(self) -> date:
        """Of the world's clock."""
        return timezone.localdate(self.at)


def bought(market: Market, number: int = 0) -> Enrollment:
    """A cover of somebody, in force since four weeks."""
    at, reference = market.at - timedelta(days=29), f"P{number + 1}"
    return market.enroll(person(number), reference=reference, at=at, payment=Payment(f"pay-{reference}", at, D("150.00")))


@keepable
def make_ward(*, pays: str = "beijing-2025", market: Market | None = None, name: str = "hy-claims") -> Ward:
    """Healthy people: 15,000 deductible and 70 % outside of the catalogue, 30,404 and 80 % within; a million each.

    `name`: what the names of those who work on its claims begin with.
    """
    market = market or paid_market(pays=pays)
    cover = bought(market)
    world = market.world

    def user(who: str, role: str) -> User:
        return make_user(f"{name}.{who}", organization=world.city, role=role)

    return Ward(
        market, Enrollment.objects.get(pk=cover.pk), user("clerk", "clerk"), user("reviewer", "reviewer"),
        user("second", "reviewer"), user("third", "finance_checker"), user("colleague", "clerk"), timezone.now(),
    )

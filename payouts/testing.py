"""Formats, accounts, amounts owed and batches, for tests; people are synthetic."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyzipper
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit.worlds import keepable
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from claims.models import Case, Claim, Decision, Payable
from intake.findings import Verdict
from intake.models import State
from jobs.testing import drain
from payouts import actions
from payouts.columns import checked_columns, checked_words, read_codes, read_columns, read_control_lines, read_reasons
from payouts.models import (
    ApprovalThreshold,
    BankFormat,
    BankReturn,
    Batch,
    BatchLine,
    PayerAccount,
)

D = Decimal
COLUMNS = """
业务编号 = 付款编号
转账类型 = 转账类型
付款账号 = 付款账号
收款账号 = 收款账号
户名 = 收款户名
开户行 = 收款开户行
行号 = 收款行号
金额 = 金额
用途 = 用途
"""
PAYER_NUMBER = "44010000000000001"
#: An account of nobody's; passes the check of its last digit.
ACCOUNT = "6228480000000007"
PASSWORD = "Xq7-nobody's-own"  # noqa: S105 - of files that tests make


@dataclass
class Till:
    """A program's office that pays: people who make, check and authorize, an account, a format, covers of people."""

    world: World
    maker: User
    checker: User
    authorizer: User
    second: User
    payer: PayerAccount
    format: BankFormat
    covers: list[Enrollment]

    def owe(self, *amounts: str, **changes: Any) -> list[Payable]:
        """Decided and not paid yet, one claim of one cover each."""
        taken = Claim.objects.count()
        return [
            owed(self.world, self.covers[(taken + at) % len(self.covers)], amount, settlement=taken + at + 1, **changes)
            for at, amount in enumerate(amounts)
        ]

    def prepare(self, **changes: Any) -> Batch:
        """By the maker, of everything that is open."""
        given: dict[str, Any] = {
            "organization": self.world.city, "format": self.format, "purpose": "理赔款", "by": self.maker,
            "at": timezone.now(), **changes,
        }
        return actions.prepare_batch(given.pop("payer", self.payer), **given)

    def prepare_test(self, **changes: Any) -> Batch:
        """By the maker, of every account that something waits for."""
        given: dict[str, Any] = {
            "organization": self.world.city, "format": self.format, "purpose": "账户验证", "by": self.maker,
            "at": timezone.now(), **changes,
        }
        return actions.prepare_test(given.pop("payer", self.payer), **given)

    def checked(self, batch: Batch) -> Batch:
        """By the checker."""
        return actions.check_batch(batch, digest=batch.digest, by=self.checker, at=timezone.now())

    def authorized(self, batch: Batch) -> Batch:
        """Checked, and authorized by as many people as its sum asks for."""
        batch = self.checked(batch)
        for by in (self.authorizer, self.second)[: batch.approvals]:
            batch = actions.authorize_batch(batch, digest=batch.digest, by=by, at=timezone.now())
        return batch

    def released(self, *amounts: str, **changes: Any) -> Batch:
        """Owed, made, checked, authorized, released, its file written."""
        self.owe(*amounts)
        return self.written(self.prepare(**changes))

    def written(self, batch: Batch) -> Batch:
        """Checked, authorized, released, its file written."""
        return self.released_of(self.authorized(batch))

    def released_of(self, batch: Batch) -> Batch:
        """An authorized one released, its file written."""
        actions.release_batch(batch, by=self.maker, at=timezone.now())
        drain()
        return fresh(batch)

    def sent(self, *amounts: str) -> Batch:
        """Downloaded by the maker; the bank has it, as the authorizer confirms."""
        return self.brought(self.released(*amounts))

    def brought(self, batch: Batch) -> Batch:
        """The same of a batch whose file is written."""
        downloaded(self, batch)
        enquiry = actions.record_enquiry(batch, answer="received", reference="PC20270301", by=self.maker, at=timezone.now())
        actions.confirm_enquiry(enquiry, by=self.authorizer, at=timezone.now())
        return fresh(batch)

    def received(
        self, batch: Batch, rows: Sequence[Sequence[str]], *, lines: int | None = None, amount: str | None = None,
        name: str = "回盘.csv"
    ) -> BankReturn:
        """A returned file, uploaded by the maker and checked; count and sum are those of the rows unless said otherwise."""
        whole = sum((D(row[1]) for row in rows), D("0.00"))
        bank_return = actions.upload_return(
            [(name, return_file(rows))], batch=batch, control_lines=len(rows) if lines is None else lines,
            control_amount=whole if amount is None else D(amount), by=self.maker, at=timezone.now(),
        )
        drain()
        return BankReturn.objects.get(pk=bank_return.pk)

    def answered(self, batch: Batch, rows: Sequence[Sequence[str]], **given: Any) -> BankReturn:
        """Received, submitted by the maker, approved by the checker, taken over."""
        bank_return = self.received(batch, rows, **given)
        if bank_return.state != State.REVIEW or not bank_return.verdict_count(Verdict.NEW):
            return bank_return
        bank_return = actions.RETURNS.submit(bank_return, by=self.maker, at=timezone.now())
        actions.RETURNS.approve(bank_return, digest=bank_return.digest, by=self.checker, at=timezone.now())
        drain()
        return BankReturn.objects.get(pk=bank_return.pk)


def terms(**changes: Any) -> dict[str, Any]:
    """What a draft says."""
    takes = changes.get("takes", "both")
    return {
        "encoding": "gb18030", "separator": ",", "line_end": "crlf", "dates": "%Y%m%d", "amounts": "yuan", "dangerous": "refuse",
        "has_headings": True, "columns": checked_columns(read_columns(changes.pop("written", COLUMNS)), takes=takes),
        "head_lines": read_control_lines(changes.pop("head", "")), "foot_lines": read_control_lines(changes.pop("foot", "")),
        "codes": read_codes("行内 = I\n跨行 = D"),
        "result_headings": {"status": ["交易结果"], "code": ["返回码"]},
        "result_words": checked_words({"paid": ["Y"], "failed": ["N"], "unknown": ["W"], "returned": ["T"]}),
        "failure_words": read_reasons("no_account = E404"), "takes": "both", **changes,
    }


def drafted(world: World, *, name: str = "代发文件", bank: str = "示例银行", **changes: Any) -> BankFormat:
    """A draft of the city's finance maker."""
    return actions.draft_format(
        world.city, bank=bank, name=name, terms=terms(**changes), by=world.finance_maker, at=timezone.now()
    )


def format_in_use(world: World, **changes: Any) -> BankFormat:
    """Approved by the finance checker."""
    return actions.approve_format(drafted(world, **changes), by=world.finance_checker, at=timezone.now())


def payer_drafted(world: World, **changes: Any) -> PayerAccount:
    """Put on record by the finance maker."""
    given: dict[str, Any] = {
        "organization": world.city, "holder": "河源市民政局", "bank_name": "中国农业银行河源分行", "bank_code": "103598000011",
        "own_names": ["中国农业银行", "农业银行"], "number": PAYER_NUMBER, "fresh_days": 30, **changes,
    }
    return actions.draft_payer(world.program, **given, by=world.finance_maker, at=timezone.now())


def payer_in_use(world: World, **changes: Any) -> PayerAccount:
    """Approved by the finance checker."""
    return actions.approve_payer(payer_drafted(world, **changes), by=world.finance_checker, at=timezone.now())


def threshold_in_force(world: World, *, from_amount: str, approvals: int, **changes: Any) -> ApprovalThreshold:
    """Proposed by the finance maker, approved by the checker."""
    found = actions.propose_threshold(
        changes.pop("organization", world.city), program=changes.pop("program", None), from_amount=D(from_amount),
        approvals=approvals, by=world.finance_maker, at=timezone.now(),
    )
    return actions.approve_threshold(found, by=world.finance_checker, at=timezone.now())


@keepable
def make_till(*, count: int = 6) -> Till:
    """河源's city office pays: six covers in force, three more people of finance."""
    world = make_world()
    applied(world, people(count))
    return till_of(world)


def till_of(world: World) -> Till:
    """The same of a world that is there."""
    low = world.program.code.lower()

    def user(name: str) -> User:
        return make_user(f"{low}-payouts.{name}", organization=world.city, role="finance_checker")

    return Till(
        world, world.finance_maker, world.finance_checker, user("authorizer"), user("second"), payer_in_use(world),
        format_in_use(world), list(Enrollment.objects.filter(program=world.program).order_by("pk")),
    )


def verifying(till: Till) -> Till:
    """The same till, whose account verifies payees' accounts from now on."""
    draft = actions.redraft_payer(till.payer, tests_accounts=True, by=till.maker, at=timezone.now())
    return replace(till, payer=actions.approve_payer(draft, by=till.checker, at=timezone.now()))


def owed(
    world: World, cover: Enrollment, amount: str, *, settlement: int = 1, name: str = "", account: str = ACCOUNT,
    bank_name: str = "中国农业银行源城支行", bank_code: str = "103598000020", changed_at: Any = None,
) -> Payable:
    """One amount owed as an approved decision leaves it, without the way there."""
    at, payee = timezone.now(), name or cover.person.name.reveal()
    case = Case.objects.create(
        organization=cover.organization, region_code=cover.region_code, kind="illness", event_at=at, channel="counter",
        reporter="self", reported_on=timezone.localdate(at), recorded_by=world.clerk, recorded_at=at,
    )
    given: dict[str, Any] = {"program": cover.program, "organization": cover.organization, "region_code": cover.region_code}
    paid_to: dict[str, Any] = {
        "payee_name": payee, "payee_account": account, "bank_name": bank_name, "bank_code": bank_code,
        "account_changed_at": changed_at,
    }
    claim = Claim(
        case=case, enrollment=cover, plan=cover.plan, period=cover.period, position=1, state="payable", amount=D(amount),
        settlement=settlement, payee="self", reported_at=at, **given, **paid_to,
    )
    claim.save()
    claim.refresh_from_db()
    indexes = claim.account_indexes()
    Claim.objects.filter(pk=claim.pk).update(**indexes)
    decision = Decision.objects.create(
        claim=claim, number=1, kind="first", outcome="pay", state="approved", terms_digest="0" * 64, usage_version=1,
        proposed=D(amount), amount=D(amount), digest="0" * 64, signatures_needed=1, proposed_by=world.clerk, proposed_at=at,
        decided_at=at,
    )
    return Payable.objects.create(
        claim=claim, decision=decision, kind="payout", amount=D(amount), made_at=at, **given, **paid_to, **indexes
    )


def fresh(batch: Any) -> Any:
    """As it stands now."""
    return type(batch).objects.get(pk=batch.pk)


def downloaded(till: Till, batch: Batch) -> bytes:
    """The file's bytes, as the maker gets them out of the archive."""
    content = b"".join(actions.open_batch(batch, password=PASSWORD, by=till.maker, at=timezone.now()))
    with pyzipper.AESZipFile(io.BytesIO(content)) as found:
        found.setpassword(PASSWORD.encode())
        (name,) = found.namelist()
        return bytes(found.read(name))


def keys_of(batch: Batch) -> list[str]:
    """Payout numbers in the order of the lines."""
    return [line.key for line in BatchLine.objects.filter(batch=batch).exclude(state="out").order_by("number")]


def return_file(rows: Iterable[Sequence[str]]) -> io.BytesIO:
    """(payout number, amount, result, code, reason, day) as the bank writes them; what is left out is empty."""
    lines = ["业务编号,金额,交易结果,返回码,失败原因,交易日期"]
    lines += [",".join([*row, *[""] * (6 - len(row))]) for row in rows]
    return io.BytesIO("\r\n".join([*lines, ""]).encode("gb18030"))


def day_of(batch: Batch) -> date:
    """The first day on which anything of it can be paid."""
    return timezone.localdate(batch.released_at)

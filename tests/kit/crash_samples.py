"""Sample runs of actions, by room: each prepares what one run needs, and gives the run, which starts from the database."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from axes.models import AccessAttempt
from django.utils import timezone

from accounts import actions as accounts
from accounts import totp
from accounts.models import Region, SecondFactor, User
from accounts.regions_file import RegionRow
from accounts.testing import PASSWORD, make_organization, make_user
from audit import blind_index, events, keys, reveals
from audit.models import DataKey
from beneficiaries.actions import pass_gate
from beneficiaries.gating import Gate
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, people
from benefits import plan_file
from exports import actions as exports
from exports import writing
from exports.listing import Listing, Wanted
from exports.models import Export
from gates import actions as gates
from gates.models import Notice, NoticeFile, Objection, ObjectionReason, ObjectionState
from gates.testing import TERMS as GATED
from gates.testing import made_notice, paid, posted_notice
from jobs import actions as jobs
from jobs.models import Job
from jobs.registry import forget_kind, job_kind
from jobs.testing import drain, let_lease_pass
from programs import actions as programs
from programs.actions import Demand, Leg
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Budget, Category, Code, Hospital, Period, Plan, Program
from programs.models.ledger import AccountKind
from programs.terms import plan_terms
from programs.testing import keep_paper, make_budget, make_period, make_plan, make_program, pdf
from tests.kit.crashes import Token

BY = "system:test"
KIND = "tests.crash_sample"
D = Decimal
Run = Callable[[], Any]
Sample = Callable[[World, Token], Run]
SAMPLES: dict[str, Sample] = {}


def sample(name: str) -> Callable[[Sample], Sample]:
    """Register the sample of one action by "room.action"; several of one action add "#case"."""

    def kept(function: Sample) -> Sample:
        assert name not in SAMPLES, name
        SAMPLES[name] = function
        return function

    return kept


def at_now(**given: Any) -> dict[str, Any]:
    """`by` and `at` of every action."""
    return {"by": BY, "at": timezone.now(), **given}


def user_of(token: Token, **given: Any) -> User:
    """A user of an organization of their own."""
    return make_user(token.letters, organization=make_organization(f"机构{token.letters}"), **given)


def fresh(row: Any) -> Any:
    """The row as the database has it: a run that was struck may have left marks on the object."""
    return type(row)._default_manager.get(pk=row.pk)


# -- accounts --------------------------------------------------------------------------------------------------------------


@sample("accounts.create_user")
def create_user(world: World, token: Token) -> Run:
    return lambda: accounts.create_user(
        token.letters, display_name="新人", organization=world.office, phone="13800138000", password=PASSWORD, **at_now()
    )


@sample("accounts.change_user")
def change_user(world: World, token: Token) -> Run:
    user = user_of(token)
    return lambda: accounts.change_user(fresh(user), display_name="改名", phone="13900139000", **at_now())


@sample("accounts.deactivate_user")
def deactivate_user(world: World, token: Token) -> Run:
    user = user_of(token, role="clerk")
    return lambda: accounts.deactivate_user(fresh(user), **at_now())


@sample("accounts.reactivate_user")
def reactivate_user(world: World, token: Token) -> Run:
    user = accounts.deactivate_user(user_of(token), **at_now())
    return lambda: accounts.reactivate_user(fresh(user), **at_now())


@sample("accounts.unlock_user")
def unlock_user(world: World, token: Token) -> Run:
    user = user_of(token)
    AccessAttempt.objects.create(username=user.username, ip_address="192.0.2.1", failures_since_start=5)
    accounts.begin_second_factor(user, **at_now())
    SecondFactor.objects.filter(user=user).update(failures=3)
    return lambda: accounts.unlock_user(fresh(user), **at_now())


@sample("accounts.set_password")
def set_password(world: World, token: Token) -> Run:
    user = user_of(token)
    return lambda: accounts.set_password(fresh(user), current=PASSWORD, password="Another-Pass-2026@", **at_now())


@sample("accounts.reset_password")
def reset_password(world: World, token: Token) -> Run:
    user = user_of(token)
    return lambda: accounts.reset_password(fresh(user), **at_now())


@sample("accounts.grant_membership")
def grant_membership(world: World, token: Token) -> Run:
    user = user_of(token)
    return lambda: accounts.grant_membership(
        fresh(user), role="clerk", organization=world.office, program_ids=[world.program.pk], **at_now()
    )


@sample("accounts.grant_membership#after_an_expired_one")
def grant_after_expiry(world: World, token: Token) -> Run:
    before = timezone.now() - timedelta(days=10)
    user = user_of(token, role="auditor", at=before, expires_on=timezone.localdate(before) + timedelta(days=1))
    return lambda: accounts.grant_membership(fresh(user), role="clerk", organization=world.office, **at_now())


@sample("accounts.end_membership")
def end_membership(world: World, token: Token) -> Run:
    membership = user_of(token, role="clerk").memberships.get()
    return lambda: accounts.end_membership(fresh(membership), **at_now())


@sample("accounts.create_organization")
def create_organization(world: World, token: Token) -> Run:
    return lambda: accounts.create_organization(
        token.letters, kind="government", parent=world.city, region=Region.objects.get(pk="441602"), **at_now()
    )


@sample("accounts.change_organization")
def change_organization(world: World, token: Token) -> Run:
    made = make_organization(token.letters)
    return lambda: accounts.change_organization(
        fresh(made), name=f"{token.letters}改", short_name="简", uscc="", region=None, **at_now()
    )


@sample("accounts.move_organization")
def move_organization(world: World, token: Token) -> Run:
    made = make_organization(token.letters)
    make_organization(f"{token.letters}下", parent=made)
    return lambda: accounts.move_organization(fresh(made), parent=world.city, **at_now())


@sample("accounts.close_organization")
def close_organization(world: World, token: Token) -> Run:
    made = make_organization(token.letters)
    return lambda: accounts.close_organization(fresh(made), **at_now())


@sample("accounts.reopen_organization")
def reopen_organization(world: World, token: Token) -> Run:
    made = accounts.close_organization(make_organization(token.letters), **at_now())
    return lambda: accounts.reopen_organization(fresh(made), **at_now())


@sample("accounts.import_regions")
def import_regions(world: World, token: Token) -> Run:
    row = RegionRow(token.digits, f"区{token.letters}", valid_from=date(2020, 1, 1))
    return lambda: accounts.import_regions([row], **at_now())


@sample("accounts.begin_second_factor")
def begin_second_factor(world: World, token: Token) -> Run:
    user = user_of(token)
    return lambda: accounts.begin_second_factor(fresh(user), **at_now())


def begun(token: Token) -> User:
    """A user whose second factor waits for its first token."""
    user = user_of(token)
    accounts.begin_second_factor(user, **at_now())
    return user


def digits_of(user: User, *, later: int = 0) -> str:
    """What the user's phone shows, some steps ahead."""
    secret = SecondFactor.objects.get(user=user).secret.reveal()
    return totp.token_at(secret, at=timezone.now() + timedelta(seconds=later * totp.STEP_SECONDS))


def with_second_factor(token: Token) -> User:
    """A user with a second factor."""
    user = begun(token)
    assert accounts.confirm_second_factor(user, token=digits_of(user), **at_now())
    return user


@sample("accounts.confirm_second_factor")
def confirm_second_factor(world: World, token: Token) -> Run:
    user = begun(token)
    return lambda: accounts.confirm_second_factor(fresh(user), token=digits_of(user), **at_now())


def with_known_step(token: Token) -> User:
    """A user whose second factor was last used long ago, so that the step now counts and is the same in every run."""
    user = with_second_factor(token)
    SecondFactor.objects.filter(user=user).update(last_step=1)
    return user


@sample("accounts.verify_second_factor#wrong")
def verify_wrong(world: World, token: Token) -> Run:
    user = with_known_step(token)
    return lambda: accounts.verify_second_factor(fresh(user), token="wrong", **at_now())


@sample("accounts.verify_second_factor")
def verify_second_factor(world: World, token: Token) -> Run:
    user = with_known_step(token)
    return lambda: accounts.verify_second_factor(fresh(user), token=digits_of(user), **at_now())


@sample("accounts.verify_second_factor#recovery")
def verify_recovery(world: World, token: Token) -> Run:
    user = with_known_step(token)
    code = accounts.replace_recovery_codes(user, **at_now())[0]
    return lambda: accounts.verify_second_factor(fresh(user), token=code, **at_now())


@sample("accounts.replace_recovery_codes")
def replace_recovery_codes(world: World, token: Token) -> Run:
    user = with_second_factor(token)
    return lambda: accounts.replace_recovery_codes(fresh(user), **at_now())


@sample("accounts.reset_second_factor")
def reset_second_factor(world: World, token: Token) -> Run:
    user = with_second_factor(token)
    return lambda: accounts.reset_second_factor(fresh(user), **at_now())


# -- programs --------------------------------------------------------------------------------------------------------------


def program_of(world: World, token: Token) -> Program:
    """A program of its own, so that numbers begin anew."""
    return programs.create_program(
        token.capitals, name="爱心保", kind="hardship", organization=world.city, insurer=world.insurer, **at_now()
    )


def drafted(world: World, token: Token) -> Plan:
    """A complete draft."""
    terms = {"name": "示例方案", "premium": D("99.00"), "cover_limit": D("1000.00")}
    shares = [ShareDraft("person", D("0.01")), ShareDraft("funder", None, world.foundation)]
    draft = PlanDraft(
        categories=list(Category.objects.order_by("position")[:2]), regions=["441602"], schemes=[SchemeDraft("全部", shares)]
    )
    return programs.create_plan(program_of(world, token), terms=terms, draft=draft, by=world.finance_maker, at=timezone.now())


def submitted(world: World, token: Token) -> Plan:
    """A draft in review."""
    return programs.submit_plan(drafted(world, token), by=world.finance_maker, at=timezone.now())


def approved(world: World, token: Token) -> Plan:
    """An approved plan."""
    return programs.approve_plan(submitted(world, token), by=world.finance_checker, at=timezone.now())


def in_force(world: World, token: Token) -> Plan:
    """A plan in force."""
    return programs.put_in_force(approved(world, token), by=world.finance_checker, at=timezone.now())


def opened(world: World, token: Token) -> Period:
    """A period of its own."""
    return programs.open_period(in_force(world, token), by=world.finance_checker, at=timezone.now(), **_YEAR)


BENEFITS = plan_file.load("""
code: example
name: 示例
responsibilities:
  - {code: bills, name: 医疗费用, benefit: expense, counts: [self_pay], deductible: 100, ratio: 0.5, limits: [{amount: 1000}]}
""")
_YEAR: dict[str, Any] = {
    "code": "2031", "starts_on": date(2031, 1, 1), "ends_on": date(2032, 1, 1), "enrollment_opens_on": date(2030, 10, 1),
    "enrollment_closes_on": date(2032, 1, 1),
}


@sample("programs.create_program")
def create_program(world: World, token: Token) -> Run:
    return lambda: program_of(world, token)


@sample("programs.create_funder")
def create_funder(world: World, token: Token) -> Run:
    return lambda: programs.create_funder(
        f"基金会{token.letters}", kind="foundation", organization=world.foundation_org, region_code="", **at_now()
    )


@sample("programs.create_category")
def create_category(world: World, token: Token) -> Run:
    return lambda: programs.create_category(token.letters, name=f"类别{token.letters}", synonyms=["别名"], **at_now())


@sample("programs.change_category")
def change_category(world: World, token: Token) -> Run:
    made = programs.create_category(token.letters, name=f"类别{token.letters}", **at_now())
    return lambda: programs.change_category(
        fresh(made), name=f"改{token.letters}", synonyms=[], position=3, active=False, **at_now()
    )


@sample("programs.import_categories")
def import_categories(world: World, token: Token) -> Run:
    kept = programs.create_category(token.letters, name=f"类别{token.letters}", **at_now())
    lines = [
        programs.CategoryLine(kept.code, f"改{token.letters}", ("别名",)),
        programs.CategoryLine(f"{token.letters}_b", f"新{token.letters}"),
    ]
    return lambda: programs.import_categories(lines, **at_now())


def hospital_of(token: Token, number: int, name: str) -> Hospital:
    """One whose code no other run has."""
    return Hospital(code=f"H{token.digits}{number:05d}", name=name, region_code="441602")


@sample("programs.create_hospital")
def create_hospital(world: World, token: Token) -> Run:
    return lambda: programs.create_hospital(hospital_of(token, 1, "医院"), **at_now())


@sample("programs.change_hospital")
def change_hospital(world: World, token: Token) -> Run:
    kept = programs.create_hospital(hospital_of(token, 2, "医院"), **at_now())

    def run() -> Any:
        changed = fresh(kept)
        changed.name = "改名"
        return programs.change_hospital(changed, **at_now())

    return run


@sample("programs.import_hospitals")
def import_hospitals(world: World, token: Token) -> Run:
    programs.create_hospital(hospital_of(token, 3, "医院"), **at_now())
    return lambda: programs.import_hospitals([hospital_of(token, 3, "改名"), hospital_of(token, 4, "新医院")], **at_now())


@sample("programs.create_code")
def create_code(world: World, token: Token) -> Run:
    return lambda: programs.create_code(Code(system="drug", code=token.letters, name="药品"), **at_now())


@sample("programs.change_code")
def change_code(world: World, token: Token) -> Run:
    kept = programs.create_code(Code(organization=world.office, system="drug", code=token.letters, name="药品"), **at_now())

    def run() -> Any:
        changed = fresh(kept)
        changed.name = "改名"
        return programs.change_code(changed, **at_now())

    return run


@sample("programs.import_codes")
def import_codes(world: World, token: Token) -> Run:
    programs.create_code(Code(organization=world.office, system="drug", code=token.letters, name="药品"), **at_now())

    def run() -> Any:
        edition = [
            Code(system="drug", code=token.letters, name="改名"), Code(system="diagnosis", code=token.letters, name="诊断"),
        ]
        return programs.import_codes(edition, organization=world.office, **at_now())

    return run


@sample("programs.create_plan")
def create_plan(world: World, token: Token) -> Run:
    program = program_of(world, token)
    terms = {"name": "示例方案", "premium": D("99.00"), "cover_limit": D("1000.00")}
    draft = PlanDraft(categories=list(Category.objects.all()[:1]), regions=["441602"], schemes=[
        SchemeDraft("全部", [ShareDraft("funder", None, world.foundation)])
    ])
    return lambda: programs.create_plan(fresh(program), terms=terms, draft=draft, by=world.finance_maker, at=timezone.now())


@sample("programs.copy_plan")
def copy_plan(world: World, token: Token) -> Run:
    plan = drafted(world, token)
    return lambda: programs.copy_plan(fresh(plan), by=world.finance_maker, at=timezone.now())


@sample("programs.set_benefits")
def set_benefits(world: World, token: Token) -> Run:
    plan = drafted(world, token)
    return lambda: programs.set_benefits(fresh(plan), BENEFITS, by=world.finance_maker, at=timezone.now())


@sample("programs.clear_benefits")
def clear_benefits(world: World, token: Token) -> Run:
    plan = drafted(world, token)
    programs.set_benefits(plan, BENEFITS, by=world.finance_maker, at=timezone.now())
    return lambda: programs.clear_benefits(fresh(plan), by=world.finance_maker, at=timezone.now())


@sample("programs.add_paper")
def add_paper(world: World, token: Token) -> Run:
    plan = drafted(world, token)
    return lambda: programs.add_paper(
        fresh(plan), kind="authorization", name="授权书.pdf", stream=io.BytesIO(pdf()), by=world.finance_maker, at=timezone.now()
    )


@sample("programs.remove_paper")
def remove_paper(world: World, token: Token) -> Run:
    paper = keep_paper(drafted(world, token), by=world.finance_maker, at=timezone.now())
    return lambda: programs.remove_paper(fresh(paper), by=world.finance_maker, at=timezone.now())


@sample("programs.open_paper")
def open_paper(world: World, token: Token) -> Run:
    paper = keep_paper(drafted(world, token), by=world.finance_maker, at=timezone.now())
    return lambda: list(programs.open_paper(fresh(paper), by=world.finance_checker, at=timezone.now()))


@sample("programs.submit_plan")
def submit_plan(world: World, token: Token) -> Run:
    plan = drafted(world, token)
    return lambda: programs.submit_plan(fresh(plan), by=world.finance_maker, at=timezone.now())


@sample("programs.approve_plan")
def approve_plan(world: World, token: Token) -> Run:
    plan = submitted(world, token)
    return lambda: programs.approve_plan(fresh(plan), by=world.finance_checker, at=timezone.now())


@sample("programs.refuse_plan")
def refuse_plan(world: World, token: Token) -> Run:
    plan = submitted(world, token)
    return lambda: programs.refuse_plan(fresh(plan), reason="保费有误", by=world.finance_checker, at=timezone.now())


@sample("programs.put_in_force")
def put_in_force(world: World, token: Token) -> Run:
    older = in_force(world, token)
    newer = programs.copy_plan(older, by=world.finance_maker, at=timezone.now())
    newer = programs.submit_plan(newer, by=world.finance_maker, at=timezone.now())
    newer = programs.approve_plan(newer, by=world.finance_checker, at=timezone.now())
    return lambda: programs.put_in_force(fresh(newer), by=world.finance_checker, at=timezone.now())


@sample("programs.retire_plan")
def retire_plan(world: World, token: Token) -> Run:
    plan = in_force(world, token)
    return lambda: programs.retire_plan(fresh(plan), by=world.finance_checker, at=timezone.now())


@sample("programs.open_period")
def open_period(world: World, token: Token) -> Run:
    plan = in_force(world, token)
    return lambda: programs.open_period(fresh(plan), by=world.finance_checker, at=timezone.now(), **_YEAR)


@sample("programs.close_period")
def close_period(world: World, token: Token) -> Run:
    period = opened(world, token)
    return lambda: programs.close_period(fresh(period), by=world.finance_checker, at=timezone.now())


def proposed(world: World, token: Token, *, period: Period | None = None) -> Budget:
    """A tranche that waits for approval."""
    return programs.propose_budget(
        world.foundation, period=period or opened(world, token), label="第一批", granted=D("1000.00"),
        by=world.finance_maker, at=timezone.now(),
    )


@sample("programs.propose_budget")
def propose_budget(world: World, token: Token) -> Run:
    period = opened(world, token)
    return lambda: proposed(world, token, period=fresh(period))


@sample("programs.approve_budget")
def approve_budget(world: World, token: Token) -> Run:
    budget = proposed(world, token)
    return lambda: programs.approve_budget(fresh(budget), by=world.finance_checker, at=timezone.now())


@sample("programs.close_budget")
def close_budget(world: World, token: Token) -> Run:
    budget = programs.approve_budget(proposed(world, token), by=world.finance_checker, at=timezone.now())
    return lambda: programs.close_budget(fresh(budget), by=world.finance_checker, at=timezone.now())


class Held:
    """A program with its own period and budget, which holds money for itself: a posting names its source only."""

    def __init__(self, world: World, token: Token) -> None:
        self.world, self.period = world, opened(world, token)
        programs.approve_budget(
            proposed(world, token, period=self.period), by=world.finance_checker, at=timezone.now()
        )
        owner: Any = Program.objects.get(pk=self.period.program_id)
        owner.program_id = owner.pk
        self.owner = owner
        self.category = Category.objects.order_by("position")[0]

    def asked(self, amount: str) -> list[Demand]:
        """What one county's people of one category cost."""
        return [Demand(self.world.foundation.pk, "441602", self.category.pk, D(amount), 3)]

    def place(self) -> dict[str, Any]:
        """Where and when."""
        return at_now(program_id=self.owner.pk, period_id=self.period.pk)

    def reserve(self) -> Any:
        """Hold 300.00."""
        return programs.reserve(self.owner, self.asked("300.00"), **self.place())

    def use(self) -> Any:
        """Use 200.00 of them."""
        return programs.use_reserved(self.owner, self.asked("200.00"), own_share=D("0.02"), people=2, **at_now())


@sample("programs.reserve")
def reserve(world: World, token: Token) -> Run:
    return Held(world, token).reserve


@sample("programs.reserve_by_priority")
def reserve_by_priority(world: World, token: Token) -> Run:
    held = Held(world, token)
    return lambda: programs.reserve_by_priority(
        held.owner, held.asked("300.00"), priorities=[held.category.pk], **held.place()
    )


@sample("programs.use_reserved")
def use_reserved(world: World, token: Token) -> Run:
    held = Held(world, token)
    held.reserve()
    return held.use


@sample("programs.release_reservation")
def release_reservation(world: World, token: Token) -> Run:
    held = Held(world, token)
    held.reserve()
    held.use()
    return lambda: programs.release_reservation(held.owner, **at_now())


@sample("programs.take_back_used")
def take_back_used(world: World, token: Token) -> Run:
    held = Held(world, token)
    held.reserve()
    held.use()
    return lambda: programs.take_back_used(held.owner, held.asked("100.00"), own_share=D("0.01"), people=1, **at_now())


@sample("programs.give_back_used")
def give_back_used(world: World, token: Token) -> Run:
    held = Held(world, token)
    held.reserve()
    held.use()
    return lambda: programs.give_back_used(held.owner, held.asked("100.00"), own_share=D("0.01"), people=1, **at_now())


@sample("programs.post")
def post(world: World, token: Token) -> Run:
    held = Held(world, token)
    legs = [
        Leg(AccountKind.INSURER_PAYABLE, D("-10.00")), Leg(AccountKind.FUNDER_RECEIVABLE, D("10.00"), world.foundation.pk),
    ]
    return lambda: programs.post("use", legs, program_id=held.owner.pk, source=held.owner, **at_now())


@sample("programs.resolve_splits")
def resolve_splits(world: World, token: Token) -> Run:
    terms = plan_terms(in_force(world, token))
    place = ("441602", Category.objects.order_by("position")[0].pk)
    return lambda: programs.resolve_splits(terms, [place])


@sample("programs.split_of_parts")
def split_of_parts(world: World, token: Token) -> Run:
    plan = in_force(world, token)
    return lambda: programs.split_of_parts(plan.pk, [(world.foundation.pk, D("40.98"))], own_share=D("0.01"))


# -- jobs ------------------------------------------------------------------------------------------------------------------


@contextmanager
def sample_kind() -> Iterator[None]:
    """A kind whose work does nothing."""

    @job_kind(KIND, title="Sample", max_attempts=3)
    def work(run: jobs.Run) -> dict[str, Any]:
        return {"rows": 10}

    try:
        yield
    finally:
        forget_kind(KIND)


def queued(world: World, token: Token) -> Job:
    """A job on an organization of its own."""
    return jobs.enqueue(
        KIND, arguments={"roster": 7}, subject=make_organization(token.letters), organization=world.office,
        region_code="441602", **at_now()
    )


@sample("jobs.enqueue")
def enqueue(world: World, token: Token) -> Run:
    subject = make_organization(token.letters)
    return lambda: jobs.enqueue(
        KIND, arguments={"roster": 7}, subject=subject, organization=world.office, region_code="441602", **at_now()
    )


@sample("jobs.cancel_job")
def cancel_job(world: World, token: Token) -> Run:
    job = queued(world, token)
    return lambda: jobs.cancel_job(fresh(job), **at_now())


@sample("jobs.cancel_job#running")
def cancel_running(world: World, token: Token) -> Run:
    job = queued(world, token)
    assert jobs.claim(job_id=job.pk)
    return lambda: jobs.cancel_job(fresh(job), **at_now())


@sample("jobs.retry_job")
def retry_job(world: World, token: Token) -> Run:
    job = jobs.cancel_job(queued(world, token), **at_now())
    return lambda: jobs.retry_job(fresh(job), **at_now())


@sample("jobs.claim")
def claim(world: World, token: Token) -> Run:
    job = queued(world, token)
    return lambda: jobs.claim(job_id=job.pk)


@sample("jobs.sweep")
def sweep(world: World, token: Token) -> Run:
    job = queued(world, token)
    assert jobs.claim(job_id=job.pk)
    let_lease_pass(job)
    return lambda: jobs.sweep(at=timezone.now())


# -- audit -----------------------------------------------------------------------------------------------------------------


@sample("audit.reveals.reveal")
def reveal(world: World, token: Token) -> Run:
    user = user_of(token, phone="13800138000")
    return lambda: reveals.reveal(
        fresh(user), fields=["phone"], reason="核对本人的联系电话", by=user, at=timezone.now(), organization=world.office
    )


@sample("audit.events.seal_events")
def seal_events(world: World, token: Token) -> Run:
    while events.seal_events(at=timezone.now()):
        pass
    make_organization(token.letters)
    return lambda: events.seal_events(at=timezone.now())


def key_of(token: Token) -> DataKey:
    """A data key of its own."""
    return keys.make_key(kind="data", purpose="person", program_code=token.capitals, year=2031, slot="")


@sample("audit.keys.make_key")
def make_key(world: World, token: Token) -> Run:
    return lambda: key_of(token)


@sample("audit.keys.retire_key")
def retire_key(world: World, token: Token) -> Run:
    key = key_of(token)
    return lambda: keys.retire_key(fresh(key), at=timezone.now())


@sample("audit.keys.destroy_key")
def destroy_key(world: World, token: Token) -> Run:
    key = key_of(token)
    keys.retire_key(key, at=timezone.now() - timedelta(days=1))
    return lambda: keys.destroy_key(fresh(key), at=timezone.now())


@sample("audit.blind_index.begin_rebuild")
def begin_rebuild(world: World, token: Token) -> Run:
    blind_index.digest_for(token.letters)
    return lambda: blind_index.begin_rebuild(token.letters, at=timezone.now())


@sample("audit.blind_index.finish_rebuild")
def finish_rebuild(world: World, token: Token) -> Run:
    blind_index.digest_for(token.letters)
    blind_index.begin_rebuild(token.letters, at=timezone.now())
    return lambda: blind_index.finish_rebuild(token.letters, at=timezone.now())




# -- exports ---------------------------------------------------------------------------------------------------------------


def listing_of(world: World) -> Listing:
    """A list of a few rows, by a user who may export it."""
    return Listing("programs.budget", fresh(world.finance_maker), Wanted("state__exact=approved"))


def asked_export(world: World, token: Token) -> Export:
    """An export that waits for its job."""
    return exports.ask_export(listing_of(world), kind="csv", purpose=f"核对{token.letters}", **export_by(world))


def export_by(world: World) -> dict[str, Any]:
    """An export is asked for by a user."""
    return {"by": world.finance_maker, "at": timezone.now()}


def written_export(world: World, token: Token) -> Export:
    """An export whose file waits."""
    asked = asked_export(world, token)
    drain()
    return fresh(asked)


@sample("exports.send_export")
def send_export(world: World, token: Token) -> Run:
    listing = listing_of(world)
    piece, _rows = writing.piece_in_memory(listing, "csv")
    return lambda: exports.send_export(listing, piece, kind="csv", purpose=f"核对{token.letters}", **export_by(world))


@sample("exports.ask_export")
def ask_export(world: World, token: Token) -> Run:
    Export.objects.filter(state="asked").update(state="cancelled", ended_at=timezone.now())
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    return lambda: asked_export(world, token)


@sample("exports.cancel_export")
def cancel_export(world: World, token: Token) -> Run:
    asked = ask_export(world, token)()
    return lambda: exports.cancel_export(fresh(asked), by=world.finance_maker, at=timezone.now())


@sample("exports.open_export")
def open_export(world: World, token: Token) -> Run:
    made = written_export(world, token)
    return lambda: exports.open_export(fresh(made), by=world.finance_maker, at=timezone.now())


@sample("exports.purge_exports")
def purge_exports(world: World, token: Token) -> Run:
    made = written_export(world, token)
    Export.objects.filter(pk=made.pk).update(purge_on=timezone.localdate())
    return lambda: exports.purge_exports(at=timezone.now())


# -- gates -----------------------------------------------------------------------------------------------------------------


def gated(world: World, token: Token) -> World:
    """A program of its own whose plan asks for a notice without days, with two people who wait for it."""
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now(),
        **{**GATED, "notice_days": 0},
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=timezone.now(),
        )
    own = World(**{**vars(world), "program": program, "plan": plan, "period": period})
    applied(own, people(2))
    return own


def clerk_of(world: World, **given: Any) -> dict[str, Any]:
    """A notice is made by a user."""
    return {"by": world.clerk, "at": timezone.now(), **given}


def checker_of(world: World, **given: Any) -> dict[str, Any]:
    """And posted by another."""
    return {"by": world.reviewer, "at": timezone.now(), **given}


@sample("gates.make_notice")
def make_notice(world: World, token: Token) -> Run:
    own = gated(world, token)
    return lambda: made_notice(own)


@sample("gates.post_notice")
def post_notice(world: World, token: Token) -> Run:
    notice = made_notice(gated(world, token))
    return lambda: gates.post_notice(fresh(notice), **checker_of(world))


@sample("gates.withdraw_notice")
def withdraw_notice(world: World, token: Token) -> Run:
    notice = posted_notice(gated(world, token))
    return lambda: gates.withdraw_notice(fresh(notice), reason="日期写错", **checker_of(world))


@sample("gates.record_printing")
def record_printing(world: World, token: Token) -> Run:
    notice = posted_notice(gated(world, token))
    return lambda: gates.record_printing(fresh(notice), people=2, villages=1, **clerk_of(world))


@sample("gates.write_notice")
def write_notice(world: World, token: Token) -> Run:
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    notice = posted_notice(gated(world, token))
    return lambda: gates.write_notice(fresh(notice), **clerk_of(world))


def with_its_lists(world: World, token: Token) -> Notice:
    """Its file is ready."""
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    notice = posted_notice(gated(world, token))
    gates.write_notice(notice, **clerk_of(world))
    drain()
    return notice


@sample("gates.open_notice_file")
def open_notice_file(world: World, token: Token) -> Run:
    notice = with_its_lists(world, token)
    return lambda: gates.open_notice_file(fresh(notice), **clerk_of(world))


@sample("gates.purge_notice_files")
def purge_notice_files(world: World, token: Token) -> Run:
    NoticeFile.objects.filter(purged_at=None).update(purge_on=date(2090, 1, 1))
    with_its_lists(world, token)
    return lambda: gates.purge_notice_files(at=timezone.now() + timedelta(days=8))


@sample("gates.close_notice")
def close_notice(world: World, token: Token) -> Run:
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    notice = posted_notice(gated(world, token))
    return lambda: gates.close_notice(fresh(notice), **clerk_of(world))


@sample("gates.queue_closings")
def queue_closings(world: World, token: Token) -> Run:
    # Those of other samples do not close with it; one with an open objection stays, as it would.
    others = Notice.objects.filter(state__in=("posted", "closing")).exclude(objections__state="open")
    Notice.objects.filter(pk__in=others.values("pk")).update(state="withdrawn", reason="x")
    posted_notice(gated(world, token))
    return lambda: gates.queue_closings(at=timezone.now())


@sample("gates.record_objection")
def record_objection(world: World, token: Token) -> Run:
    notice = posted_notice(gated(world, token))
    return lambda: objected(world, fresh(notice))


def objected(world: World, notice: Notice) -> Objection:
    """Against its first line."""
    return gates.record_objection(
        notice, region_code="441602", number=1, reason=ObjectionReason.MEANS, text="财产超标",
        received_on=timezone.localdate(), **clerk_of(world),
    )


@sample("gates.decide_objection")
def decide_objection(world: World, token: Token) -> Run:
    objection = objected(world, posted_notice(gated(world, token)))
    return lambda: gates.decide_objection(
        fresh(objection), state=ObjectionState.UPHELD, decision="属实", **checker_of(world)
    )


def noticed(world: World, token: Token) -> World:
    """Its people have only to pay."""
    own = gated(world, token)
    pass_gate(Roster.objects.get(program=own.program), gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    return own


@sample("gates.record_payment")
def record_payment(world: World, token: Token) -> Run:
    own = noticed(world, token)
    return lambda: paid(
        own, Enrollment.objects.filter(program=own.program), amount=D("0.02"), reference=token.letters, sponsor=world.foundation
    )


@sample("programs.receive_own")
def receive_own(world: World, token: Token) -> Run:
    own = noticed(world, token)
    # As if it were paid: the books follow what is recorded.
    Enrollment.objects.filter(program=own.program).update(own_paid_at=timezone.now())
    return lambda: programs.receive_own(
        own.program, D("0.02"), program_id=own.program.pk, people=2, **at_now()
    )

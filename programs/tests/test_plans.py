"""Plans: drafted, submitted, approved by another person, in force and then never changed; periods open under them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from accounts.models import User
from audit.models import Event
from audit.testing import Stepper, sweep
from beneficiaries.models import Roster
from beneficiaries.testing import World, make_world, people, uploaded
from jobs.testing import drain
from programs import actions
from programs.actions.plans import ExpectationDraft, PlanDraft, SchemeDraft, ShareDraft
from programs.errors import ProgramRefused
from programs.models import (
    Category,
    Funder,
    FundingScheme,
    FundingShare,
    FundingSplit,
    Period,
    Plan,
    PlanCategory,
    PlanRegion,
    Program,
)
from programs.rules.funding import resolve_split
from programs.terms import plan_terms

D = Decimal
TERMS = {"name": "新方案", "premium": D("99.00"), "cover_limit": D("1500000.00")}


@pytest.fixture
def world(db: Any) -> World:
    return make_world()


def usual(world: World) -> list[ShareDraft]:
    return [
        ShareDraft("person", D("0.01")), ShareDraft("county", D("30.00")), ShareDraft("funder", None, world.foundation)
    ]


def draft(world: World, *, by: User | None = None, **changes: Any) -> Plan:
    parts = {
        "categories": [Category.objects.get(code=code) for code in ("tekun", "dibao")], "regions": ["441602"],
        "schemes": [SchemeDraft("全部对象", usual(world))], **changes.pop("draft", {}),
    }
    return actions.create_plan(
        world.program, terms={**TERMS, **changes}, draft=PlanDraft(**parts), by=by or world.finance_maker, at=world.at
    )


def approved(world: World, **changes: Any) -> Plan:
    plan = actions.submit_plan(draft(world, **changes), by=world.finance_maker, at=world.at)
    return actions.approve_plan(plan, by=world.finance_checker, at=world.at)


def in_force(world: World, **changes: Any) -> Plan:
    return actions.put_in_force(approved(world, **changes), by=world.finance_checker, at=world.at)


def said(refused: pytest.ExceptionInfo[ProgramRefused]) -> str:
    with override("en"):
        return str(refused.value)


def test_a_plan_goes_its_way_with_an_event_for_each_step(world: World) -> None:
    plan = draft(world)
    assert (plan.number, plan.state, plan.drafted_by) == (2, "draft", world.finance_maker)
    plan = actions.submit_plan(plan, by=world.finance_maker, at=world.at)
    assert (plan.state, plan.submitted_by, plan.submitted_at) == ("in_review", world.finance_maker, world.at)
    plan = actions.refuse_plan(plan, reason="  请 补充 年龄 ", by=world.finance_checker, at=world.at)
    assert (plan.state, plan.reason, plan.decided_by) == ("draft", "请 补充 年龄", world.finance_checker)
    plan = actions.submit_plan(plan, by=world.finance_maker, at=world.at)
    assert (plan.reason, plan.decided_by) == ("", None)
    plan = actions.approve_plan(plan, by=world.finance_checker, at=world.at)
    plan = actions.put_in_force(plan, by=world.finance_checker, at=world.at)
    assert (plan.state, plan.in_force_at) == ("in_force", world.at)
    plan = actions.retire_plan(plan, by=world.finance_checker, at=world.at)
    assert (plan.state, plan.retired_at) == ("retired", world.at)
    events = Event.objects.filter(subject_type="programs.plan", subject_id=str(plan.pk)).order_by("pk")
    assert list(events.values_list("verb", flat=True)) == [
        "plan.drafted", "plan.submitted", "plan.refused", "plan.submitted", "plan.approved", "plan.in_force",
        "plan.retired",
    ]
    assert events[2].data == {"version": 2, "reason": "请 补充 年龄"}


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"premium": D("0.00")}, "PREMIUM", "The premium is above zero."),
        ({"cover_limit": D("0.00")}, "COVER", "The cover is above zero."),
        ({"min_age": 60, "max_age": 18}, "AGES", "The oldest age lies below the youngest."),
    ],
)
def test_terms_that_cannot_be_are_refused_before_anything_is_kept(
    world: World, changes: dict[str, Any], code: str, sentence: str
) -> None:
    with pytest.raises(ProgramRefused) as refused:
        draft(world, **changes)
    assert (refused.value.code, said(refused)) == (code, sentence)
    assert Plan.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"categories": []}, "Name at least one category."),
        ({"schemes": []}, "Say who pays: add a funding scheme that holds for all categories and regions."),
        ({"regions": ["4417"]}, "4417 is no region within that of the program."),
        ({"regions": ["441699"]}, "441699 is no region within that of the program."),
        (
            {"schemes": [SchemeDraft("全部", [ShareDraft("person", D("0.01"))])]},
            "In the scheme “全部” exactly one payer, the last, takes the remainder.",
        ),
        (
            {"schemes": [SchemeDraft("全部", [ShareDraft("county", D("99.01")), ShareDraft("person")])]},
            "In the scheme “全部” the fixed shares are above the premium of 99.00 yuan.",
        ),
    ],
)
def test_an_incomplete_draft_is_not_submitted(world: World, changes: dict[str, Any], sentence: str) -> None:
    plan = draft(world, draft=changes)
    with pytest.raises(ProgramRefused) as refused:
        actions.submit_plan(plan, by=world.finance_maker, at=world.at)
    assert said(refused) == sentence
    plan.refresh_from_db()
    assert (plan.state, plan.submitted_by) == ("draft", None)


def test_nobody_approves_or_sends_back_own_work(world: World) -> None:
    # Drafted by one and submitted by another: neither decides.
    plan = draft(world, by=world.foundation_maker)
    plan = actions.submit_plan(plan, by=world.finance_maker, at=world.at)
    for own in (world.foundation_maker, world.finance_maker):
        with pytest.raises(ProgramRefused) as refused:
            actions.approve_plan(plan, by=own, at=world.at)
        assert said(refused) == "Whoever drafted or submitted it cannot approve it. Ask a colleague."
        with pytest.raises(ProgramRefused) as refused:
            actions.refuse_plan(plan, reason="不合适的方案", by=own, at=world.at)
        assert refused.value.code == "OWN_WORK"
    assert Plan.objects.get(pk=plan.pk).state == "in_review"


def test_a_plan_is_sent_back_with_a_reason_only(world: World) -> None:
    plan = actions.submit_plan(draft(world), by=world.finance_maker, at=world.at)
    with pytest.raises(ProgramRefused) as refused:
        actions.refuse_plan(plan, reason=" a  b ", by=world.finance_checker, at=world.at)
    assert said(refused) == "Say why, in at least 4 characters."


STEPS = {
    "submit": lambda plan, world: actions.submit_plan(plan, by=world.finance_maker, at=world.at),
    "approve": lambda plan, world: actions.approve_plan(plan, by=world.finance_checker, at=world.at),
    "refuse": lambda plan, world: actions.refuse_plan(plan, reason="请补充材料", by=world.finance_checker, at=world.at),
    "force": lambda plan, world: actions.put_in_force(plan, by=world.finance_checker, at=world.at),
    "retire": lambda plan, world: actions.retire_plan(plan, by=world.finance_checker, at=world.at),
}


@pytest.mark.parametrize(
    ("reached", "allowed"),
    [
        ((), {"submit"}), (("submit",), {"approve", "refuse"}), (("submit", "approve"), {"force"}),
        (("submit", "approve", "force"), {"retire"}), (("submit", "approve", "force", "retire"), set()),
    ],
)
def test_each_step_is_possible_in_its_state_only(world: World, reached: tuple[str, ...], allowed: set[str]) -> None:
    plan = draft(world)
    for step in reached:
        plan = STEPS[step](plan, world)
    found = set()
    for name, step in STEPS.items():
        try:
            with transaction.atomic():
                step(plan, world)
                found.add(name)
                transaction.set_rollback(True)
        except ProgramRefused as refused:
            assert refused.code == "STATE"
    assert found == allowed


def test_a_newer_version_of_the_same_name_takes_the_older_ones_place(world: World) -> None:
    first = in_force(world)
    other = in_force(world, name="另一方案")
    second = in_force(world)
    states = dict(Plan.objects.values_list("pk", "state"))
    assert (states[first.pk], states[second.pk], states[other.pk], states[world.plan.pk]) == (
        "retired", "in_force", "in_force", "in_force",
    )
    assert Event.objects.filter(verb="plan.retired").count() == 1


def test_people_are_still_enrolled_in_a_period_whose_plan_was_followed_by_a_newer_version(world: World) -> None:
    in_force(world, name=world.plan.name)
    world.plan.refresh_from_db()
    assert world.plan.state == "retired"
    roster = uploaded(world, people(2))
    drain()
    assert Roster.objects.get(pk=roster.pk).counts["verdicts"] == {"1": 2}


def test_a_copy_is_a_draft_with_the_same_terms_in_the_same_order(world: World) -> None:
    tekun, dibao = (Category.objects.get(code=code) for code in ("tekun", "dibao"))
    plan = in_force(
        world, min_age=18, max_age=60, proration="monthly", notice_days=7,
        draft={
            "categories": [dibao, tekun],
            "schemes": [
                SchemeDraft("全部", usual(world)), SchemeDraft("特困", [ShareDraft("county")], tekun, "441602"),
            ],
        },
    )
    copy = actions.copy_plan(plan, by=world.finance_maker, at=world.at)
    assert (copy.number, copy.state, copy.drafted_by, copy.decided_by) == (3, "draft", world.finance_maker, None)
    ours, theirs = plan_terms(copy), plan_terms(plan)
    assert {**vars(ours), "plan_id": 0} == {**vars(theirs), "plan_id": 0}
    assert (copy.notice_days, copy.cover_limit) == (7, plan.cover_limit)
    assert list(PlanCategory.objects.filter(plan=copy).values_list("category__code", "priority")) == [
        ("dibao", 1), ("tekun", 2),
    ]


# -- Nothing of a plan in force is ever changed --------------------------------------------------------------------------


PLAN_CHANGES = [
    f"UPDATE programs_plan SET {change}" for change in (
        "premium = 1", "cover_limit = 1", "min_age = 1", "max_age = 99", "proration = 'daily'", "name = 'x'",
        "requires_notice = false", "requires_own_payment = false", "requires_insurer_acceptance = false",
        "requires_guardian = true", "requires_basic_insurance = true", "notice_days = 9", "gap_days = 1",
        "number = 99", "drafted_by_id = drafted_by_id + 1", "period_kind = 'span'", "age_on = 'enrollment'",
    )
]
CHILD_CHANGES = [
    "UPDATE programs_plancategory SET priority = 9", "DELETE FROM programs_plancategory",
    "INSERT INTO programs_plancategory (plan_id, category_id, priority) SELECT {plan}, id, 9 FROM programs_category "
    "WHERE code = 'yinbing'",
    "UPDATE programs_planregion SET region_prefix = '4416'", "DELETE FROM programs_planregion",
    "INSERT INTO programs_planregion (plan_id, region_prefix) VALUES ({plan}, '441621')",
    "UPDATE programs_fundingscheme SET name = 'x'", "UPDATE programs_fundingscheme SET region_prefix = '4416'",
    "INSERT INTO programs_fundingscheme (plan_id, name, region_prefix) VALUES ({plan}, 'x', '441602')",
    "UPDATE programs_fundingshare SET amount = 1 WHERE amount IS NOT NULL",
    "UPDATE programs_fundingshare SET funder_id = {other} WHERE funder_id IS NOT NULL", "DELETE FROM programs_fundingshare",
    "INSERT INTO programs_fundingshare (scheme_id, position, payer) SELECT min(id), 9, 'person' FROM "
    "programs_fundingscheme WHERE plan_id = {plan}",
    "UPDATE programs_planexpectation SET claims = claims + 1", "DELETE FROM programs_planexpectation",
]


@pytest.mark.parametrize("state", ["in_review", "approved", "in_force", "retired"])
def test_the_database_lets_nothing_of_a_plan_change_once_it_is_submitted(world: World, state: str) -> None:
    own = draft(world, draft={"expectation": ExpectationDraft(10, D("990.00"), D("800.00"))})
    plan = actions.submit_plan(own, by=world.finance_maker, at=world.at)
    for wanted, step in (("approved", "approve"), ("in_force", "force"), ("retired", "retire")):
        if ["in_review", "approved", "in_force", "retired"].index(state) >= (
            ["in_review", "approved", "in_force", "retired"].index(wanted)
        ):
            plan = STEPS[step](plan, world)
    assert plan.state == state
    Funder.objects.create(name="另一基金会", kind="foundation")
    facts = {"plan": plan.pk, "other": Funder.objects.get(name="另一基金会").pk}
    for statement in (*PLAN_CHANGES, *CHILD_CHANGES):
        scoped = statement.format(**facts)
        if scoped.startswith("UPDATE programs_plan "):
            scoped += f" WHERE id = {plan.pk}"
        with pytest.raises(DatabaseError, match="while it is a draft only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(scoped)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM programs_plan WHERE id = %s", [plan.pk])
    for earlier in ("draft", "in_review") if state != "in_review" else ():
        with pytest.raises(DatabaseError, match="a plan that was approved is never a draft again"), transaction.atomic():
            Plan.objects.filter(pk=plan.pk).update(state=earlier)


def test_a_child_is_not_moved_from_a_draft_into_a_plan_in_force_or_out_of_it(world: World) -> None:
    standing, own = in_force(world), draft(world, name="草稿")
    for kind in (PlanCategory, PlanRegion, FundingScheme):
        for source, target in ((own, standing), (standing, own)):
            with pytest.raises(DatabaseError, match="while it is a draft only"), transaction.atomic():
                kind._default_manager.filter(plan=source).update(plan=target)
    with pytest.raises(DatabaseError, match="while it is a draft only"), transaction.atomic():
        FundingShare.objects.filter(scheme__plan=own).update(scheme=standing.schemes.get())


def test_a_draft_and_its_children_are_changed_freely(world: World) -> None:
    plan = draft(world)
    Plan.objects.filter(pk=plan.pk).update(premium=D("88.00"))
    PlanCategory.objects.filter(plan=plan).delete()
    PlanRegion.objects.filter(plan=plan).update(region_prefix="441621")
    FundingScheme.objects.filter(plan=plan).delete()
    assert FundingShare.objects.filter(scheme__plan=plan).count() == 0
    plan.refresh_from_db()
    assert plan.premium == D("88.00")


# -- Two at once ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_drafts_at_once_get_two_numbers() -> None:
    world = make_world()
    with Stepper() as stepper:
        first = stepper.start(lambda: draft(world), stop_at="programs.create_plan.before")
        second = stepper.start(lambda: draft(world))
        assert second.waits()
        first.go_on()
        assert [first.result().number, second.result().number] == [2, 3]


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_a_refusal_at_once_let_one_of_them_happen() -> None:
    world = make_world()
    plan = actions.submit_plan(draft(world), by=world.finance_maker, at=world.at)
    with Stepper() as stepper:
        first = stepper.start(lambda: STEPS["approve"](plan, world), stop_at="programs.plan.locked")
        second = stepper.start(lambda: STEPS["refuse"](plan, world))
        assert second.waits()
        first.go_on()
        assert first.result().state == "approved"
        error = second.error()
    assert isinstance(error, ProgramRefused)
    assert error.code == "STATE"
    assert Event.objects.filter(verb="plan.refused").count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_versions_put_in_force_at_once_leave_one_in_force() -> None:
    world = make_world()
    first_plan, second_plan = approved(world), approved(world)
    with Stepper() as stepper:
        first = stepper.start(lambda: STEPS["force"](first_plan, world), stop_at="programs.plan.before")
        second = stepper.start(lambda: STEPS["force"](second_plan, world))
        assert second.waits()
        first.go_on()
        first.result()
        second.result()
    assert list(Plan.objects.filter(name="新方案", state="in_force")) == [second_plan]
    assert Plan.objects.get(pk=first_plan.pk).state == "retired"


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_plans_way_leaves_no_half_step() -> None:
    world = make_world()

    def way() -> None:
        with transaction.atomic():
            in_force(world)

    def nothing_kept(k: int) -> None:
        assert list(Plan.objects.values_list("state", flat=True)) == ["in_force"], k
        assert FundingScheme.objects.count() == 1

    assert sweep(way, check=nothing_kept) >= 11


# -- Periods, programs, funders --------------------------------------------------------------------------------------------


def open_period(world: World, plan: Plan, **changes: Any) -> Period:
    values = {
        "code": "2030", "starts_on": date(2030, 1, 1), "ends_on": date(2031, 1, 1),
        "enrollment_opens_on": date(2029, 10, 1), "enrollment_closes_on": date(2030, 3, 1), **changes,
    }
    return actions.open_period(plan, by=world.finance_checker, at=world.at, **values)


def test_a_period_opens_and_closes_once(world: World) -> None:
    period = open_period(world, world.plan)
    assert (period.program, period.plan, str(period)) == (world.program, world.plan, "爱心保 HY 2030")
    closed = actions.close_period(period, by=world.finance_checker, at=world.at)
    assert closed.closed_at == world.at
    actions.close_period(period, by=world.finance_checker, at=world.at)
    events = Event.objects.filter(subject_type="programs.period", subject_id=str(period.pk)).order_by("pk")
    assert list(events.values_list("verb", "data")) == [
        ("period.opened", {"period": "2030"}), ("period.closed", {"period": "2030"}),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"enrollment_opens_on": date(2030, 3, 1)}, {"enrollment_closes_on": date(2031, 1, 2)},
        {"ends_on": date(2030, 1, 1), "enrollment_closes_on": date(2029, 12, 31)},
    ],
)
def test_days_in_disorder_open_no_period(world: World, changes: dict[str, date]) -> None:
    with pytest.raises(ProgramRefused) as refused:
        open_period(world, world.plan, **changes)
    assert said(refused) == "Enrollment opens before it closes, and closes before the period ends."
    assert Period.objects.count() == 1


def test_no_period_opens_under_a_draft_or_a_retired_plan_or_under_a_code_that_stands(world: World) -> None:
    plan = draft(world)
    for _state in ("draft", "in force, then retired"):
        with pytest.raises(ProgramRefused) as refused:
            open_period(world, plan)
        assert said(refused) == "The plan is not in force."
        if plan.state == "draft":
            plan = STEPS["retire"](STEPS["force"](STEPS["approve"](STEPS["submit"](plan, world), world), world), world)
    open_period(world, world.plan)
    with pytest.raises(ProgramRefused) as refused:
        open_period(world, world.plan)
    assert said(refused) == "The program has a period 2030 already."


@pytest.mark.django_db(transaction=True)
def test_one_period_opened_twice_at_once_opens_once() -> None:
    world = make_world()
    with Stepper() as stepper:
        first = stepper.start(lambda: open_period(world, world.plan), stop_at="programs.open_period.before")
        second = stepper.start(lambda: open_period(world, world.plan))
        assert second.waits()
        first.go_on()
        first.result()
        error = second.error()
    assert isinstance(error, ProgramRefused)
    assert (error.code, Period.objects.filter(code="2030").count()) == ("PERIOD_TWICE", 1)


def test_programs_and_funders_are_set_up_once(world: World) -> None:
    program = actions.create_program(
        "YJ", name="阳江", kind="hardship", organization=world.city, insurer=world.insurer, by=world.finance_checker,
        at=world.at,
    )
    assert (program.region_code, program.insurer) == ("4416", world.insurer)
    with pytest.raises(ProgramRefused) as refused:
        actions.create_program(
            "YJ", name="另一", kind="hardship", organization=world.city, insurer=None, by="system:test", at=world.at
        )
    assert said(refused) == "The code YJ is in use."
    funder = actions.create_funder(
        "紫金县财政", kind="government", organization=world.sibling, region_code="441621", by="system:test", at=world.at
    )
    assert Event.objects.get(verb="funder.created", subject_id=str(funder.pk)).data == {"kind": "government"}
    with pytest.raises(ProgramRefused) as refused:
        actions.create_funder(
            "紫金县财政", kind="enterprise", organization=None, region_code="", by="system:test", at=world.at
        )
    assert said(refused) == "This name is in use."
    with pytest.raises(ProgramRefused) as refused:
        actions.create_funder(
            "紫金县财政局", kind="government", organization=None, region_code="441621", by="system:test", at=world.at
        )
    assert said(refused) == "The government of region 441621 is a funder already."
    assert (Program.objects.count(), Funder.objects.filter(region_code="441621").get()) == (2, funder)


# -- Divisions of premiums as rows -----------------------------------------------------------------------------------------


def test_the_usual_division_is_9900_fen_of_three_payers_and_each_countys_own(world: World) -> None:
    sibling = Funder.objects.create(name="紫金县财政", kind="government", region_code="441621")
    dibao = Category.objects.get(code="dibao").pk
    splits, reasons = actions.resolve_splits(
        plan_terms(world.plan), [("441602", dibao), ("441621", dibao), ("441622", dibao)]
    )
    assert {place[0]: (split.premium, split.own_share) for place, split in splits.items()} == {
        "441602": (D("99.00"), D("0.01")), "441621": (D("99.00"), D("0.01")),
    }
    assert list(splits["441602", dibao].lines.values_list("position", "funder", "amount")) == [
        (1, world.county.pk, D("30.00")), (2, world.foundation.pk, D("68.99")),
    ]
    assert list(splits["441621", dibao].lines.values_list("funder", "amount")) == [
        (sibling.pk, D("30.00")), (world.foundation.pk, D("68.99")),
    ]
    fen = [int(D("0.01") * 100)] + [int(line.amount * 100) for line in splits["441602", dibao].lines.all()]
    assert (fen, sum(fen)) == ([1, 3_000, 6_899], 9_900)
    assert list(reasons) == [("441622", dibao)]
    again, _none = actions.resolve_splits(plan_terms(world.plan), [("441602", dibao)])
    assert again["441602", dibao] == splits["441602", dibao]
    assert FundingSplit.objects.count() == 2


@pytest.mark.parametrize(
    ("premium", "wanted"),
    [
        ("99.00", ("0.01", "30.00", "68.99")), ("49.64", ("0.01", "15.04", "34.59")),
        ("8.25", ("0.01", "2.50", "5.74")), ("0.27", ("0.01", "0.08", "0.18")), ("0.01", ("0.01",)),
    ],
)
def test_a_prorated_premium_divides_to_the_fen(world: World, premium: str, wanted: tuple[str, ...]) -> None:
    dibao = Category.objects.get(code="dibao").pk
    split = resolve_split(plan_terms(world.plan), county="441602", category_id=dibao, premium=D(premium))
    assert (split.own_share, *(amount for _funder, amount in split.lines)) == tuple(D(each) for each in wanted)
    assert split.own_share + sum((amount for _funder, amount in split.lines), D(0)) == D(premium)


def test_a_division_that_does_not_sum_or_is_changed_is_refused_by_the_database(world: World) -> None:
    with pytest.raises(DatabaseError, match="do not sum to it"), transaction.atomic():
        FundingSplit.objects.create(plan=world.plan, key="x", premium=D("99.00"), own_share=D("98.99"))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    dibao = Category.objects.get(code="dibao").pk
    actions.resolve_splits(plan_terms(world.plan), [("441602", dibao)])
    for change in (
        lambda: FundingSplit.objects.update(premium=D("1.00")), lambda: FundingSplit.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_one_division_made_twice_at_once_is_one_row() -> None:
    world = make_world()
    terms, dibao = plan_terms(world.plan), Category.objects.get(code="dibao").pk

    def make() -> int:
        return actions.resolve_splits(terms, [("441602", dibao)])[0]["441602", dibao].pk

    with Stepper() as stepper:
        first = stepper.start(make, stop_at="programs.make_split.after")
        second = stepper.start(make)
        assert second.waits()
        first.go_on()
        assert first.result() == second.result()
    assert (FundingSplit.objects.count(), FundingSplit.objects.get().lines.count()) == (1, 2)

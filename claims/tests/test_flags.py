"""Flags of a claim: what each sees and says, in a constant number of questions; looked at, with a note; rules as rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment, Person
from beneficiaries.tests.purchasing import person
from claims import actions
from claims.actions import Account
from claims.calendar_file import make_flag_rules
from claims.flag_errors import FlagRefused
from claims.flags import _ACCOUNT, _USUAL, Flag, flags_of
from claims.models import Bill, Claim, FlagCode, FlagLook, FlagRule
from claims.testing import ACCOUNT_NUMBER, Ward, make_ward
from programs.demo_lists import make_hospitals
from programs.models import Hospital

pytestmark = pytest.mark.django_db


def make_flagged_ward() -> Ward:
    ward = make_ward()
    make_flag_rules(at=ward.at)
    return ward


_django_db_helper, one_world, kept_world = shared(make_flagged_ward)


@pytest.fixture
def ward(kept_world: Ward) -> Ward:
    return kept_world


@pytest.fixture(autouse=True)
def _chinese() -> Any:
    with override("zh-hans"):
        yield


def seen(claim: Claim, *codes: FlagCode) -> list[str]:
    return [flag.sentence for flag in flags_of(claim) if not codes or flag.code in codes]


def rule(code: FlagCode, **changes: Any) -> None:
    FlagRule.objects.filter(program=None, code=code).update(**changes)


def covers(ward: Ward, count: int) -> list[Enrollment]:
    """Of as many other people."""
    made = [ward.market.enroll(person(number), reference=f"F{number}").pk for number in range(1, count + 1)]
    Enrollment.objects.filter(pk__in=made).update(starts_at=ward.cover.starts_at, ends_at=ward.cover.ends_at)
    return list(Enrollment.objects.filter(pk__in=made).order_by("pk"))


def test_an_ordinary_claim_of_an_old_cover_has_no_flag(ward: Ward) -> None:
    rule(FlagCode.COVER, number=1)
    assert flags_of(ward.claim()) == []


def test_an_account_of_many_people_is_told_as_a_number(ward: Ward) -> None:
    claim = ward.claim()
    others = []
    for place, cover in enumerate(covers(ward, 3)):
        case = ward.report(cover)
        ward.bill(case, invoice_number=f"000000010{place}")
        others += ward.reviewed(case)
    assert seen(claim, FlagCode.ACCOUNT) == ["收款账号还登记在另外3人名下。"]
    rule(FlagCode.ACCOUNT, number=4)
    assert seen(claim, FlagCode.ACCOUNT) == []
    rule(FlagCode.ACCOUNT, number=3)
    # The same person's other claims are none of it, nor is a hospital that advanced the costs.
    actions.state_payee(others[0], Account("hospital", "河源市示例医院", ACCOUNT_NUMBER), by=ward.clerk, at=ward.at)
    assert seen(claim, FlagCode.ACCOUNT) == []


def test_stays_that_overlap_within_a_case_and_with_another_one(ward: Ward) -> None:
    claim = ward.claim()
    day = ward.today - timedelta(days=2)
    again = ward.report(event_at=ward.at - timedelta(days=9))
    ward.bill(again, invoice_number="0000000077", admitted_on=day - timedelta(days=5), discharged_on=day)
    first, last = day - timedelta(days=1), day
    assert seen(claim, FlagCode.STAYS) == [
        f"{first}至{last}的住院与此人另一案件中{day - timedelta(days=5)}至{day}的住院重叠1天。"
    ]
    Bill.objects.filter(case=again).update(standing="removed", explanation="误录", explained_by=ward.reviewer)
    assert seen(claim, FlagCode.STAYS) == []


def test_an_event_outside_the_cover_or_soon_after_its_begin(ward: Ward) -> None:
    claim = ward.claim()
    cover = claim.enrollment
    day = claim.case.event_on
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=claim.case.event_at - timedelta(days=12))
    assert seen(claim, FlagCode.COVER) == [f"{day}的事故发生在此人首次保障开始后12天。"]
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=claim.case.event_at + timedelta(seconds=1))
    assert seen(claim, FlagCode.COVER) == [f"{day}的事故发生在保障开始之前。"]
    starts = claim.case.event_at - timedelta(days=90)
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=starts, ends_at=claim.case.event_at)
    assert seen(claim, FlagCode.COVER) == [f"{day}的事故发生在保障结束之后。"]


def test_treatment_after_death(ward: Ward) -> None:
    claim = ward.claim()
    admitted = ward.today - timedelta(days=3)
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on=admitted)
    assert seen(claim, FlagCode.DECEASED) == []
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on=admitted - timedelta(days=1))
    assert seen(claim, FlagCode.DECEASED) == [f"{admitted}就诊，晚于{admitted - timedelta(days=1)}死亡。"]


def test_a_payee_of_the_offices_own_staff(ward: Ward) -> None:
    claim = ward.claim()
    name = claim.payee_name.reveal() if claim.payee_name is not None else ""
    stranger = make_user("stranger", organization=make_organization("他局", region="441702"), role=Role.CLERK, display_name=name)
    assert seen(claim, FlagCode.STAFF) == []
    colleague = make_user("colleague", organization=claim.organization, role=Role.CLERK, display_name=name)
    with CaptureQueriesContext(connection) as asked:
        assert seen(claim, FlagCode.STAFF) == ["收款人与本机构或上级机构的工作人员同名。"]
    assert not any(name in query["sql"] for query in asked)
    Claim.objects.filter(pk=claim.pk).update(handler=colleague)
    assert seen(claim, FlagCode.STAFF) == ["收款人与本赔案的经办人同名。"]
    assert stranger.display_name == colleague.display_name


def test_many_cases_of_one_hospital_and_day(ward: Ward) -> None:
    make_hospitals(at=ward.at)
    hospital = Hospital.objects.first()
    rule(FlagCode.HOSPITAL, number=3)
    found = ward.claim(number="0000000200")
    for place, cover in enumerate(covers(ward, 2)):
        ward.bill(ward.report(cover), invoice_number=f"000000021{place}", hospital=hospital)
    assert seen(found, FlagCode.HOSPITAL) == []
    Bill.objects.filter(case=found.case).update(hospital=hospital)
    (sentence,) = seen(found, FlagCode.HOSPITAL)
    assert hospital is not None and sentence.startswith("3个案件") and hospital.name in sentence


def test_an_amount_above_what_is_usual_for_its_diagnosis(ward: Ward) -> None:
    rule(FlagCode.AMOUNT, number=4, share=Decimal("0.750"))
    others = covers(ward, 6)
    for place, (cover, amount) in enumerate(zip(others[:4], ("1000.00", "2000.00", "3000.00", "4000.00"), strict=True)):
        ward.bill(ward.report(cover), ("out_of_catalogue", amount), invoice_number=f"000000030{place}")
    # An outpatient case and one of another diagnosis are no measure of it.
    for place, (cover, changes) in enumerate(
        zip(others[4:], ({"setting": "outpatient", "admitted_on": None, "discharged_on": None}, {}), strict=True)
    ):
        case = ward.report(cover, **({} if changes else {"diagnosis": "I10"}))
        ward.bill(case, ("out_of_catalogue", "9.00"), invoice_number=f"000000031{place}", **changes)
    claim = ward.claim(("out_of_catalogue", "3000.01"))
    assert seen(claim, FlagCode.AMOUNT) == [
        "票据合计3,000.01元：同项目此前4个C34案件的中位数为2,000.00元，75%的案件不超过3,000.00元。"
    ]
    rule(FlagCode.AMOUNT, number=5)
    assert seen(claim, FlagCode.AMOUNT) == []


def test_an_invoice_of_another_case(ward: Ward) -> None:
    ward.claim()
    again = ward.report(covers(ward, 1)[0])
    ward.bill(again)
    claim = again.claims.get()
    assert seen(claim, FlagCode.INVOICE) == ["60,000.00元的票据也出现在平台的另一个案件中。"]


def test_flags_cost_a_constant_number_of_questions(ward: Ward) -> None:
    plain = ward.claim()
    many = ward.report(covers(ward, 1)[0])
    for place in range(4):
        ward.bill(many, invoice_number=f"000000040{place}")
    rich = ward.reviewed(many)[0]
    counts = []
    for claim in (plain, rich):
        with CaptureQueriesContext(connection) as asked:
            flags_of(claim)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 11


def test_a_flag_is_looked_at_once_with_a_note_and_comes_back_when_it_sees_something_else(ward: Ward) -> None:
    claim = ward.claim()
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on=ward.today - timedelta(days=10))

    def death() -> Flag:
        return next(flag for flag in flags_of(claim) if flag.code == FlagCode.DECEASED)

    given: dict[str, Any] = {"keys": [("deceased", death().key)], "by": ward.clerk, "at": ward.at}
    with pytest.raises(FlagRefused) as reason:
        actions.look_at_flags(claim, note=" ", **given)
    assert reason.value.code == "REASON"
    with pytest.raises(FlagRefused) as gone:
        actions.look_at_flags(claim, note="已核", **{**given, "keys": [("deceased", "0" * 16)]})
    assert gone.value.code == "GONE"
    stranger = make_user("stranger", organization=make_organization("他局", region="441702"), role=Role.CLERK)
    with pytest.raises(FlagRefused) as beyond:
        actions.look_at_flags(claim, note="已核", **{**given, "by": stranger})
    assert beyond.value.code == "OUT_OF_SCOPE"
    (look,) = actions.look_at_flags(claim, note="死亡日期录错，已申请更正", **given)
    assert death().look == look
    assert Event.objects.get(verb="claim.flags_looked_at").data == {"codes": ["deceased"], "note": "死亡日期录错，已申请更正"}
    with pytest.raises(FlagRefused) as again:
        actions.look_at_flags(claim, note="再看", **given)
    assert again.value.code == "LOOKED_AT"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        FlagLook.objects.update(note="改")
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on=ward.today - timedelta(days=11))
    assert death().look is None


def test_rules_are_rows_of_all_programs_or_of_one_instead(ward: Ward) -> None:
    claim, at = ward.claim(), timezone.now()
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on=ward.today - timedelta(days=10))
    assert make_flag_rules(at=at) == 0 and FlagRule.objects.count() == len(FlagCode)
    with pytest.raises(FlagRefused) as shared_rule:
        actions.set_flag_rule(None, code=FlagCode.ACCOUNT, active=True, number=2, by=ward.reviewer, at=at)
    assert shared_rule.value.code == "SHARED"
    for code, given, refused in (
        (FlagCode.ACCOUNT, {}, "NUMBER"), (FlagCode.AMOUNT, {"number": 30}, "SHARE"),
        (FlagCode.AMOUNT, {"number": 30, "share": Decimal("1")}, "SHARE"),
    ):
        with pytest.raises(FlagRefused) as wrong:
            actions.set_flag_rule(claim.program, code=code, active=True, by=ward.reviewer, at=at, **given)
        assert wrong.value.code == refused
    with pytest.raises(FlagRefused) as beyond:
        actions.set_flag_rule(claim.program, code=FlagCode.DECEASED, active=False, by=ward.clerk, at=at)
    assert beyond.value.code == "OUT_OF_SCOPE"
    actions.set_flag_rule(claim.program, code=FlagCode.DECEASED, active=False, by=ward.reviewer, at=at)
    assert seen(claim, FlagCode.DECEASED) == []
    actions.set_flag_rule(claim.program, code=FlagCode.DECEASED, active=True, by=ward.reviewer, at=at)
    assert len(seen(claim, FlagCode.DECEASED)) == 1
    assert FlagRule.objects.filter(program=claim.program).count() == 1


def test_each_question_over_all_claims_finds_its_index(ward: Ward) -> None:
    claim = ward.claim()
    asked = {
        "case_by_diagnosis": (_USUAL, {"category": "C34", "case": 1, "program": 1, "inpatient": True, "share": 0.95}),
        "claim_by_account_a": (
            _ACCOUNT.format(slot="account_index_a"), {"account": claim.account_index_a or b"x", "claim": 1, "person": 1},
        ),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for index, (statement, given) in asked.items():
            cursor.execute(f"EXPLAIN {statement}", given)
            assert index in "\n".join(row[0] for row in cursor.fetchall()), index

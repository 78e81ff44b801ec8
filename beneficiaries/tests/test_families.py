"""One payer, several insured: each at their own price or with their reason; all together or those who can be; in the books."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import Event
from audit.testing import FULL_SWEEP, in_turn, sweep
from beneficiaries.actions import (
    Member,
    Payer,
    Payment,
    Request,
    enroll_each,
    enroll_together,
    judge_family,
    void_unpaid,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Purchase, PurchasePayer
from beneficiaries.testing import make_world, resident_id
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import Market, paid_market, person
from programs.models import LedgerAccount, Plan
from programs.reference import make_student_category
from programs.testing import PriceLine

pytestmark = pytest.mark.django_db
D = Decimal
PRICES: tuple[PriceLine, ...] = (("100.00", None, 17, ""),)
PAYER = Payer("王大明", "13900139000", "account")


@pytest.fixture
def market(db: Any) -> Market:
    return paid_market(prices=PRICES, max_age=90)


def child(number: int = 1) -> dict[str, str]:
    document = resident_id("441602", "20150301", number)
    return {
        "name": "王小小", "document_type": "居民身份证", "document": document, "region_code": "441602", "phone": "13800138000",
    }


def old(number: int = 1) -> dict[str, str]:
    return {**child(), "name": "王老", "document": resident_id("441602", "19300301", number)}


def family(*others: Member) -> list[Member]:
    return [Member(person(0), "self"), Member(person(1), "spouse"), Member(child(), "child"), *others]


def asked(
    market: Market, members: list[Member], *, amount: str | None = "400.00", reference: str = "F1", **changes: Any
) -> dict[str, Any]:
    payment = None if amount is None else Payment(f"pay-{reference}", market.at, D(amount))
    return {
        "period": market.period, "organization": market.world.office, "request": Request(reference, Purchase.Channel.OFFICE),
        "payment": payment, "by": market.world.clerk, "at": market.at, **changes,
    }


def judged(market: Market, members: list[Member]) -> list[Any]:
    return judge_family(
        members, period=market.period, organization=market.world.office, by=market.world.clerk, at=market.at
    )


def code_of(refused: Any) -> str:
    return str(refused.value.code)


def test_each_member_is_judged_at_their_own_price_or_with_their_reason_and_nothing_is_kept(market: Market) -> None:
    wrong = Member({**person(5), "document": "441602196203151218"}, "other")
    found = judged(market, family(Member(old(), "parent"), wrong, Member(child(), "child")))
    assert [(each.line, each.premium, each.own_share, each.code) for each in found] == [
        (1, D("150.00"), D("150.00"), ""), (2, D("150.00"), D("150.00"), ""), (3, D("100.00"), D("100.00"), ""),
        (4, D("0.00"), D("0.00"), "too_old"), (5, D("0.00"), D("0.00"), "ID_CHECKSUM"), (6, D("0.00"), D("0.00"), "MEMBER_TWICE"),
    ]
    assert "年龄" in found[3].reason and found[5].reason == "同一人重复填写。"
    assert (Person.objects.count(), Purchase.objects.count(), Beneficiary.objects.count()) == (0, 0, 0)


def test_a_family_is_one_purchase_paid_once_and_traced_to_its_payer(market: Market) -> None:
    members = family()
    purchase = enroll_together(PAYER, members, **asked(market, members))
    assert (purchase.people, purchase.premium, purchase.own_share, purchase.refused) == (3, D("400.00"), D("400.00"), [])
    covers = list(Enrollment.objects.order_by("line"))
    assert [(each.line, each.premium, each.state, each.own_paid_at) for each in covers] == [
        (1, D("150.00"), "in_force", market.at), (2, D("150.00"), "in_force", market.at), (3, D("100.00"), "in_force", market.at),
    ]
    assert len({each.age_band for each in covers}) == 2 and all(each.age_band for each in covers)
    payer = PurchasePayer.objects.get()
    assert (payer.purchase, payer.way, payer.relations) == (purchase, "account", ["self", "spouse", "child"])
    assert payer.phone is not None
    assert (str(payer.name), payer.name.reveal(), payer.phone.reveal()) == ("王**", "王大明", "13900139000")
    assert LedgerAccount.objects.get(kind="own_received", program=market.program).balance == D("400.00")
    assert LedgerAccount.objects.get(kind="insurer_payable", program=market.program).balance == D("-400.00")
    assert Event.objects.get(verb="purchase.made").data == {"people": 3, "refused": 0, "premium": "400.00"}
    assert broken() == []


def test_the_same_application_again_is_the_same_purchase_and_another_is_refused(market: Market) -> None:
    members = family()
    first = enroll_together(PAYER, members, **asked(market, members))
    assert enroll_together(PAYER, members, **asked(market, members)) == first
    with pytest.raises(BeneficiariesRefused) as refused:
        enroll_together(PAYER, members[:2], **asked(market, members[:2], amount="300.00"))
    assert code_of(refused) == "REFERENCE_TAKEN"
    assert (Purchase.objects.count(), Enrollment.objects.count()) == (1, 3)


def test_together_nobody_is_enrolled_when_one_is_refused_and_every_reason_is_said(market: Market) -> None:
    members = family(Member(old(), "parent"))
    with pytest.raises(BeneficiariesRefused) as refused:
        enroll_together(PAYER, members, **asked(market, members))
    assert code_of(refused) == "FAMILY_REFUSED"
    assert str(refused.value).startswith("全部未投保。4. ") and "年龄" in str(refused.value)
    assert (Person.objects.count(), Purchase.objects.count(), PurchasePayer.objects.count()) == (0, 0, 0)


def test_by_person_those_who_can_be_are_enrolled_and_the_others_stand_with_their_code(market: Market) -> None:
    members = [Member(person(0), "self"), Member(old(), "parent"), Member(child(), "child")]
    purchase = enroll_each(PAYER, members, **asked(market, members, amount="250.00"))
    assert (purchase.people, purchase.premium, purchase.refused) == (2, D("250.00"), [[2, "too_old", ""]])
    assert list(Enrollment.objects.order_by("line").values_list("line", "premium")) == [(1, D("150.00")), (3, D("100.00"))]
    assert Person.objects.count() == 2
    assert broken() == []


@pytest.mark.parametrize(
    ("payer", "members", "changes", "code"),
    [
        (PAYER, [], {}, "NOTHING_ASKED"),
        (PAYER, [Member(child(number), "child") for number in range(1, 12)], {}, "FAMILY_SIZE"),
        (Payer(" "), [Member(child(), "child")], {}, "PAYER_NAME"),
        (PAYER, [Member(child(), "cousin")], {}, "RELATION"),
        (PAYER, [Member(child(), "self"), Member(child(2), "self")], {}, "PAYER_TWICE"),
        (PAYER, [Member(child(), "child")], {"amount": "99.00"}, "PAID_AMOUNT"),
        (PAYER, [Member(child(), "child")], {"amount": None}, "NOT_PAID"),
        (PAYER, [Member(child(), "child", "dibao")], {"amount": "100.00"}, "FAMILY_REFUSED"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    market: Market, payer: Payer, members: list[Member], changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(BeneficiariesRefused) as refused:
        enroll_together(payer, members, **asked(market, members, **changes))
    assert code_of(refused) == code
    assert (Person.objects.count(), Purchase.objects.count()) == (0, 0)


def test_a_closed_window_is_refused_with_its_days(market: Market) -> None:
    late = market.at + timedelta(days=201)
    with pytest.raises(BeneficiariesRefused) as refused:
        judge_family(family(), period=market.period, organization=market.world.office, by=market.world.clerk, at=late)
    assert code_of(refused) == "PERIOD_CLOSED"
    opens, last = market.period.enrollment_opens_on, market.period.enrollment_closes_on - timedelta(days=1)
    assert str(refused.value) == f"P1 年度只在 {opens} 至 {last} 办理承保。"
    with translation.override("en"):
        assert str(refused.value) == f"Enrollment for P1 is open from {opens} to {last} only."


def test_a_family_that_comes_before_the_window_opens_is_refused(market: Market) -> None:
    early = market.at - timedelta(days=31)
    with pytest.raises(BeneficiariesRefused) as refused:
        judge_family(family(), period=market.period, organization=market.world.office, by=market.world.clerk, at=early)
    assert code_of(refused) == "PERIOD_CLOSED"
    first = market.at - timedelta(days=30)
    judge_family(family(), period=market.period, organization=market.world.office, by=market.world.clerk, at=first)


def test_a_payment_pays_once(market: Market) -> None:
    members = family()
    enroll_together(PAYER, members, **asked(market, members))
    other = [Member(person(7), "self")]
    with pytest.raises(BeneficiariesRefused) as refused:
        enroll_together(
            PAYER, other, **{**asked(market, other, reference="F2"), "payment": Payment("pay-F1", market.at, D("150.00"))}
        )
    assert code_of(refused) == "PAYMENT_TAKEN"


def test_who_is_covered_already_is_refused_by_line(market: Market) -> None:
    members = [Member(person(0), "self")]
    enroll_together(PAYER, members, **asked(market, members, amount="150.00"))
    assert [each.code for each in judged(market, family())] == ["ALREADY_COVERED", "", ""]


def test_a_student_pays_the_students_price_where_the_plan_has_one() -> None:
    market = paid_market(prices=(("60.00", None, None, "renren"),))
    Plan.objects.filter(pk=market.plan.pk)
    found = judged(market, [Member(person(0), "self", "renren")])
    assert [(each.premium, each.code) for each in found] == [(D("60.00"), "")]


@pytest.fixture
def student_market(db: Any) -> Market:
    """60 yuan for students, 10 for who is in hardship, 150 for all others."""
    world = make_world()
    make_student_category(at=world.at)
    return paid_market(world=world, prices=(("60.00", None, None, "xuesheng"), ("10.00", None, None, "dibao")))


def test_a_student_is_kept_as_one_for_the_period_and_hardship_is_not_said(student_market: Market, settings: Any) -> None:
    market = student_market
    members = [Member(person(0), "self"), Member(person(1), "child", "xuesheng")]
    purchase = enroll_together(PAYER, members, **asked(market, members, amount="210.00"))
    cover = purchase.enrollments.get(line=2)
    held = BeneficiaryCategory.objects.get()
    assert (held.beneficiary_id, held.category.code, held.purchase) == (cover.beneficiary_id, "xuesheng", purchase)
    assert (held.valid_from, held.valid_to) == (timezone.localdate(cover.starts_at), market.period.ends_on)
    assert (cover.category, cover.premium) == (held.category, D("60.00"))
    assert broken() == []
    with pytest.raises(BeneficiariesRefused) as refused:
        enroll_together(PAYER, [Member(child(), "child", "dibao")], **asked(market, [], amount="10.00", reference="F2"))
    assert code_of(refused) == "FAMILY_REFUSED"
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(market.world.clerk, backend="accounts.backends.RoleBackend")
    form = client.get(reverse("admin:beneficiaries_enrollment_enroll_family")).context["page"].members[0]
    assert [code for code, _name in form.fields["category"].choices] == ["", "xuesheng"]
    page = client.get(reverse("admin:beneficiaries_person_change", args=[cover.person_id])).content.decode()
    assert "学生" in page and "投保时声明" in page


def test_who_is_on_record_as_a_student_already_is_not_kept_a_second_time(student_market: Market) -> None:
    market = student_market
    members = [Member(person(1), "child", "xuesheng")]
    enroll_together(PAYER, members, **asked(market, members, amount="60.00"))
    cover = Enrollment.objects.get()
    void_unpaid(Purchase.objects.all(), by="system:test", at=market.at)
    enroll_together(PAYER, members, **asked(market, members, amount="60.00", reference="F2"))
    assert Enrollment.objects.count() == 2
    assert BeneficiaryCategory.objects.get().purchase_id == cover.purchase_id
    assert broken() == []


def test_a_students_price_without_the_category_on_record_is_found(student_market: Market) -> None:
    market = student_market
    members = [Member(person(1), "child", "xuesheng")]
    enroll_together(PAYER, members, **asked(market, members, amount="60.00"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE beneficiaries_beneficiarycategory DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM beneficiaries_beneficiarycategory")
    assert "said_categories_are_kept" in str(broken())


def test_the_database_keeps_a_payer_as_they_were_recorded(market: Market) -> None:
    members = family()
    enroll_together(PAYER, members, **asked(market, members))
    for statement in (
        "UPDATE beneficiaries_purchasepayer SET way = 'cash'", "UPDATE beneficiaries_purchasepayer SET relations = '{self}'",
        "DELETE FROM beneficiaries_purchasepayer",
    ):
        with pytest.raises(Exception, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(IntegrityError), transaction.atomic():
        PurchasePayer.objects.create(purchase=Purchase.objects.get(), way="cash", name="李", relations=["self"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 0))
def test_a_fault_at_any_point_leaves_the_whole_family_or_nobody(mode: str) -> None:
    market = paid_market(prices=PRICES)
    members = [Member(person(0), "self"), Member(child(), "child")]

    def check(_point: int) -> None:
        counts = (Enrollment.objects.count(), Person.objects.count(), PurchasePayer.objects.count() * 2)
        assert counts in ((0, 0, 0), (2, 2, 2))
        assert broken() == []

    first, step = (1, 1) if FULL_SWEEP else (1 if mode == "raise" else 3, 6)
    struck = sweep(
        lambda: enroll_together(PAYER, members, **asked(market, members, amount="250.00")), check=check, mode=mode, first=first,
        step=step,
    )
    assert struck >= 10 // step
    assert (Enrollment.objects.count(), Purchase.objects.count()) == (2, 1)


# --- the counter's page


def page_data(market: Market, **changes: str) -> dict[str, str]:
    data = {
        "count": "3", "period": str(market.period.pk), "organization": str(market.world.office.pk), "payer": "王大明",
        "payer_phone": "13900139000", "way": "cash", "reference": "GUI-1", "payment": "", "paid_on": "", "amount": "",
    }
    for number, (cells, relation) in enumerate(((person(0), "self"), (child(), "child"), ({}, "other"))):
        data |= {
            f"m{number}-relation": relation, f"m{number}-document_type": "resident_id", f"m{number}-category": "",
            **{f"m{number}-{key}": cells.get(key, "") for key in ("name", "document", "birth_on", "region_code", "phone")},
        }
    return {**data, **changes}


@pytest.fixture
def counter(market: Market, settings: Any) -> Client:
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(market.world.clerk, backend="accounts.backends.RoleBackend")
    return client


def test_a_clerk_checks_a_family_pays_and_enrolls_it_on_one_page(market: Market, counter: Client) -> None:
    address = reverse("admin:beneficiaries_enrollment_enroll_family")
    assert counter.get(address).status_code == 200
    shown = counter.post(address, page_data(market, _judge="1"))
    assert shown.status_code == 200
    assert [(line.line, line.own_share, line.reason) for line in shown.context["page"].judged] == [
        (1, D("150.00"), ""), (2, D("100.00"), ""),
    ]
    assert "可投保 2 人" in shown.content.decode() and not Purchase.objects.exists()
    unpaid = counter.post(address, page_data(market, _together="1"))
    assert (unpaid.status_code == 409 and "请注明缴费" in unpaid.content.decode()) or unpaid.context["page"].refusal
    half = counter.post(address, page_data(market, _together="1", payment="R-1"))
    assert half.status_code == 200 and set(half.context["page"].form.errors) == {"amount", "paid_on"}
    paid = {"payment": "R-1", "paid_on": f"{timezone.localdate():%Y-%m-%d}", "amount": "250.00"}
    done = counter.post(address, page_data(market, _together="1", **paid))
    assert done.status_code == 302
    purchase = Purchase.objects.get()
    assert (purchase.people, purchase.own_share, purchase.channel, purchase.payment_reference) == (2, D("250.00"), "office", "R-1")
    cover = counter.get(done["Location"]).content.decode()
    assert "王** · 本人 · 现金或转账" in cover and "王大明" not in cover


def test_what_was_typed_stays_when_a_person_is_added_and_ten_are_the_most(market: Market, counter: Client) -> None:
    address = reverse("admin:beneficiaries_enrollment_enroll_family")
    more = counter.post(address, page_data(market, _more="1"))
    assert more.context["page"].count == 4 and child()["document"] in more.content.decode()
    most = counter.post(address, page_data(market, _more="1", count="10"))
    assert most.context["page"].count == 10 and not most.context["page"].may_add


def test_whoever_may_not_enroll_finds_no_such_page(market: Market, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()
    client.force_login(market.world.auditor, backend="accounts.backends.RoleBackend")
    assert client.get(reverse("admin:beneficiaries_enrollment_enroll_family")).status_code in (302, 403, 404)

"""Pages of claims, as a clerk and those who sign use them: reported, billed, calculated, signed, opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from beneficiaries.actions import Payment
from beneficiaries.models import Enrollment, Person
from beneficiaries.testing import make_world
from beneficiaries.tests.purchasing import paid_market, person
from claims import actions
from claims.calendar_file import make_flag_rules
from claims.models import Case, Claim, Decision, FlagLook
from claims.testing import ACCOUNT_NUMBER, Ward, make_ward
from programs.testing import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def _page(client: Client, name: str, claim: Claim, **query: Any) -> Any:
    return client.get(reverse(f"admin:claims_claim_{name}", args=[claim.pk]), query)


def _press(client: Client, name: str, claim: Claim, data: dict[str, Any], query: str = "") -> Any:
    return client.post(reverse(f"admin:claims_claim_{name}", args=[claim.pk]) + query, data)


def _report(ward: Ward, client: Client, **changes: str) -> Any:
    event_on = timezone.localdate(ward.at) - timedelta(days=3)
    data = {
        "who": ward.cover.number, "event_on": event_on.isoformat(), "kind": "illness", "diagnosis": "c34.1", "channel": "counter",
        "reporter": "self", "_report": "1", **changes,
    }
    return client.post(reverse("admin:claims_claim_report"), {name: value for name, value in data.items() if value})


def test_a_case_goes_through_its_pages_from_the_report_to_what_is_owed() -> None:
    ward = make_ward()
    clerk, reviewer = _client(ward.clerk), _client(ward.reviewer)
    found = _report(ward, clerk, _report="", _find="1")
    assert ward.cover.number in found.content.decode()
    assert Case.objects.count() == 0
    assert _report(ward, clerk).status_code == 302
    claim = Claim.objects.get()
    for name in ("accept", "register", "take"):
        assert _page(clerk, name, claim).status_code == 200
        assert _press(clerk, name, claim, {}).status_code == 302
    day = (timezone.localdate(ward.at) - timedelta(days=2)).isoformat()
    bill = {
        "invoice_code": "44060124", "invoice_number": "0000000001", "issued_on": day, "hospital_name": "河源市示例医院",
        "setting": "inpatient", "locality": "local", "department": "general", "settled": "on", "total": "60000.00", "count": "3",
        "c0-kind": "out_of_catalogue", "c0-amount": "60000.00", "_save": "1",
    }
    assert _press(clerk, "add_bill", claim, bill).status_code == 302
    payee = {"payee": "self", "name": ward.cover.person.name.reveal(), "number": ACCOUNT_NUMBER, "bank_name": "中国农业银行"}
    assert _press(clerk, "payee", claim, payee).status_code == 302
    shown = _page(clerk, "calculate_decision", claim).content.decode()
    assert "31,500.00" in shown
    assert Decision.objects.count() == 0
    assert _press(clerk, "calculate_decision", claim, {"_propose": "1"}).status_code == 302
    decision = Decision.objects.get()
    assert "31,500.00" in _page(reviewer, "sign", claim).content.decode()
    assert _press(reviewer, "sign", claim, {"digest": decision.digest}).status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.amount) == ("payable", Decimal("31500.00"))
    page = _page(reviewer, "change", claim).content.decode()
    assert "31,500.00" in page
    assert ACCOUNT_NUMBER not in page
    assert ward.cover.person.name.reveal() not in page


def test_each_step_of_a_decision_stands_on_the_pages_that_calculate_sign_and_show_it() -> None:
    ward = make_ward()
    claim = ward.claim()
    told = (
        "<td>扣除免赔额</td>",
        "免赔额15,000.00元，此前已扣0.00元，本次扣15,000.00元，余45,000.00元。",
    )
    calculated = _page(_client(ward.clerk), "calculate_decision", claim).content.decode()
    ward.propose(claim)
    for page in (
        calculated, _page(_client(ward.reviewer), "sign", claim).content.decode(),
        _page(_client(ward.reviewer), "change", claim).content.decode(),
    ):
        assert [words for words in told if words not in page] == []


def test_a_page_offers_what_the_state_and_the_role_allow() -> None:
    ward = make_ward()
    claim = ward.report().claims.get()

    def offered(user: Any) -> list[str]:
        page = _page(_client(user), "change", claim)
        return sorted(button["path"].rstrip("/").rsplit("/", 1)[-1] for button in page.context["actions_detail"] or ())

    assert offered(ward.clerk) == ["accept", "bill", "case", "decline", "note", "paper", "payee", "withdraw"]
    assert offered(ward.reviewer) == ["hand-over", "note"]
    assert offered(ward.market.world.auditor) == []


def test_a_paper_is_shown_by_itself_and_its_opening_is_recorded() -> None:
    ward = make_ward()
    claim = ward.report().claims.get()
    clerk = _client(ward.clerk)
    file = SimpleUploadedFile("发票.pdf", pdf(), content_type="application/pdf")
    assert _press(clerk, "add_paper", claim, {"kind": "invoice", "file": file}).status_code == 302
    paper = claim.case.papers.get()
    answer = _press(clerk, "open_paper", claim, {}, f"?paper={paper.pk}")
    assert b"".join(answer.streaming_content) == pdf()
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert _page(clerk, "open_paper", claim, paper="0").status_code == 302


def test_claims_are_found_by_their_numbers_and_by_the_person() -> None:
    ward = make_ward()
    claim = ward.claim()
    clerk = _client(ward.clerk)
    for term in (claim.number, claim.case.number, ward.cover.number, ward.cover.person.document.reveal()):
        page = clerk.get(reverse("admin:claims_claim_changelist"), {"q": term})
        assert [row.pk for row in page.context["cl"].result_list] == [claim.pk]
    nobody = clerk.get(reverse("admin:claims_claim_changelist"), {"q": "P0000000199"})
    assert list(nobody.context["cl"].result_list) == []


def test_a_county_does_not_see_the_claims_of_another() -> None:
    ward = make_ward()
    claim = ward.claim()
    stranger = make_user("hy-sibling.clerk", organization=ward.market.world.sibling, role="clerk")
    assert _page(_client(stranger), "change", claim).status_code == 404
    assert _report(ward, _client(stranger)).status_code == 409


def test_an_invoice_that_another_office_has_tells_nothing_of_it_on_any_page() -> None:
    ward = make_ward()
    world = make_world(code="YJ", regions=("4417", "441702", "441702"))
    market = paid_market(code="YANGJIANG", world=world, pays="beijing-2025", name="阳江惠民保")
    begun = market.at - timedelta(days=29)
    cover = market.enroll(
        person(3, region_code="441702"), reference="YJ3", payment=Payment("pay-YJ3", begun, Decimal("150.00")), at=begun
    )
    clerk = make_user("yj-claims.clerk", organization=world.city, role="clerk")
    other = replace(ward, market=market, cover=Enrollment.objects.get(pk=cover.pk), clerk=clerk)
    theirs = other.report(event_at=ward.at - timedelta(days=5), diagnosis="I63.9")
    other.bill(theirs, invoice_code="44060124", hospital_name="阳江市甲医院")
    claim = ward.report().claims.get()
    bill = ward.bill(claim.case, invoice_code="44060124")
    assert bill.standing == "doubled"
    for user, names in ((ward.clerk, ("change", "add_bill")), (ward.reviewer, ("change",))):
        shown = "".join(_page(_client(user), name, claim).content.decode() for name in names)
        assert "44060124" in shown and "已在别处报案" in shown
        for theirs_alone in (
            theirs.number, theirs.claims.get().number, "阳江市甲医院", world.office.name, world.city.name,
            other.market.program.name, "YANGJIANG", "I63.9", other.cover.number, "yj-claims",
        ):
            assert theirs_alone not in shown, theirs_alone
    assert _page(_client(other.clerk), "change", claim).status_code == 404
    # Nor does the office that had it first learn of the second.
    assert claim.case.number not in _page(_client(other.clerk), "change", theirs.claims.get()).content.decode()


def test_a_flag_is_shown_on_the_claims_page_and_where_it_is_signed_and_looked_at_with_a_note() -> None:
    ward = make_ward()
    make_flag_rules(at=ward.at)
    decision = ward.propose(ward.claim())
    claim = decision.claim
    died = ward.today - timedelta(days=4)
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on=died)
    flag = f"{ward.today - timedelta(days=3)}就诊，晚于{died}死亡。"
    clerk, reviewer = _client(ward.clerk), _client(ward.reviewer)
    for client, name in ((clerk, "change"), (reviewer, "change"), (reviewer, "sign"), (reviewer, "look_at_flags")):
        assert flag in _page(client, name, claim).content.decode(), name
    form = _page(clerk, "look_at_flags", claim).context["form"]
    choice = next(key for key, sentence in form.fields["flags"].choices if sentence == flag)
    assert _press(clerk, "look_at_flags", claim, {"flags": [choice], "note": ""}).status_code == 200
    assert FlagLook.objects.count() == 0
    assert _press(clerk, "look_at_flags", claim, {"flags": [choice], "note": "死亡日期录入有误，已核实"}).status_code == 302
    look = FlagLook.objects.get()
    assert (look.claim, look.code, look.by) == (claim, "deceased", ward.clerk)
    signed = _page(reviewer, "sign", claim).content.decode()
    assert flag in signed and "死亡日期录入有误，已核实" in signed
    # What was looked at decides nothing: it is signed as before.
    assert _press(reviewer, "sign", claim, {"digest": decision.digest}).status_code == 302
    claim.refresh_from_db()
    assert claim.state == "payable"


def test_an_adjustment_is_posted_with_its_reason_and_read_by_who_signs() -> None:
    ward = make_ward()
    claim = ward.claim()
    clerk, reviewer = _client(ward.clerk), _client(ward.reviewer)
    out = "a-out_of_catalogue"
    data = {f"{out}-amount": "30000.00", f"{out}-code": "agreement", f"{out}-reason": "与医院协议减免"}
    looked = _press(clerk, "calculate_decision", claim, {**data, "_look": "1"})
    assert "30,000.00" in looked.content.decode() and Decision.objects.count() == 0
    unsaid = _press(clerk, "calculate_decision", claim, {f"{out}-amount": "30000.00", "_propose": "1"})
    assert (unsaid.status_code, Decision.objects.count()) == (409, 0)
    assert "每项调整均须填写代码和理由。" in unsaid.content.decode()
    assert _press(clerk, "calculate_decision", claim, {**data, "_propose": "1"}).status_code == 302
    decision = Decision.objects.get()
    line = decision.lines.get()
    assert (line.proposed, line.amount, line.code, line.reason) == (
        Decimal("31500.00"), Decimal("30000.00"), "agreement", "与医院协议减免",
    )
    signed = _page(reviewer, "sign", claim).content.decode()
    assert all(text in signed for text in ("31,500.00", "30,000.00", "与医院协议减免"))


def test_what_a_plan_covers_in_all_is_a_step_that_who_signs_reads() -> None:
    ward = make_ward(market=paid_market(pays="beijing-2025", cover_limit=Decimal("20000.00")))
    claim = ward.claim()
    said = "方案总保额20,000.00元，此前各项责任已赔0.00元，31,500.00元减为20,000.00元。"
    assert said in _page(_client(ward.clerk), "calculate_decision", claim).content.decode()
    ward.propose(claim)
    shown = _page(_client(ward.reviewer), "sign", claim).content.decode()
    assert said in shown and "本案合计赔付20,000.00元。" in shown


def test_an_agent_reports_for_somebody_without_a_phone_and_is_named() -> None:
    ward = make_ward()
    clerk = _client(ward.clerk)
    unnamed = _report(ward, clerk, channel="agent", reporter="agent")
    assert (unnamed.status_code, Case.objects.count()) == (409, 0)
    assert "请填写代办报案人的姓名。" in unnamed.content.decode()
    assert _report(ward, clerk, channel="agent", reporter="agent", reporter_name="林村医").status_code == 302
    case = Case.objects.get()
    assert (case.channel, case.reporter, case.reporter_name.reveal(), case.reporter_phone) == ("agent", "agent", "林村医", None)
    shown = _page(clerk, "change", case.claims.get()).content.decode()
    assert "代办人" in shown and "林村医" not in shown


def test_a_claim_is_handed_over_noted_and_ordered_at_its_pages() -> None:
    ward = make_ward()
    claim = ward.claim()
    clerk, colleague = _client(ward.clerk), _client(ward.colleague)
    assert _press(clerk, "note", claim, {"text": "家属下周补交处方"}).status_code == 302
    assert "家属下周补交处方" in _page(colleague, "change", claim).content.decode()
    nobody = _press(clerk, "hand_over", claim, {"to": str(ward.reviewer.pk), "reason": "休假"})
    assert (nobody.status_code, Claim.objects.get().handler) == (200, ward.clerk)
    assert _press(clerk, "hand_over", claim, {"to": str(ward.colleague.pk), "reason": "休假"}).status_code == 302
    assert Claim.objects.get().handler == ward.colleague
    refused = _press(clerk, "calculate_decision", claim, {"_propose": "1"})
    assert (refused.status_code, Decision.objects.count()) == (409, 0)
    assert _press(colleague, "calculate_decision", claim, {"_propose": "1"}).status_code == 302


def test_a_paper_of_another_case_is_not_opened_at_ones_own_claim() -> None:
    ward = make_ward()
    own, other = ward.report(), ward.report(diagnosis="I21.9")
    clerk = _client(ward.clerk)
    file = SimpleUploadedFile("发票.pdf", pdf(), content_type="application/pdf")
    assert _press(clerk, "add_paper", other.claims.get(), {"kind": "invoice", "file": file}).status_code == 302
    paper = other.papers.get()
    for page in ("open_paper", "remove_paper"):
        answer = _press(clerk, page, own.claims.get(), {"reason": "x"}, f"?paper={paper.pk}")
        assert (answer.status_code, answer["Location"]) == (302, reverse("admin:claims_claim_change", args=[own.claims.get().pk]))
    paper.refresh_from_db()
    assert paper.removed_by is None
    actions.destroy_paper(paper, at=ward.at)
    gone = _press(clerk, "open_paper", other.claims.get(), {}, f"?paper={paper.pk}")
    assert (gone.status_code, "已不存在" in gone.content.decode()) == (409, True)

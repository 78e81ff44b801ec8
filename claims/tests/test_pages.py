"""Pages of claims, as a clerk and those who sign use them: reported, billed, calculated, signed, opened."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from claims.models import Case, Claim, Decision
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

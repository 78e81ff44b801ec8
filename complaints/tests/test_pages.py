"""The room's pages as their users meet them: from a claim's page to the answer, the letter and the review."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.testing import shared
from claims.models import Claim
from complaints.models import Complaint, Extension, Topic
from complaints.testing import ANSWER, WORDS, recorded
from complaints.tests.test_complaints import make_court

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_court)


@pytest.fixture(autouse=True)
def without_a_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:complaints_complaint_{name}", args=args)


def test_an_appeal_goes_from_the_claims_page_to_its_answer_its_letter_and_its_review(kept_world: Any) -> None:
    ward, judge, _other, claim = kept_world
    clerk, reviewer = browser(ward.colleague), browser(judge)
    record = f"{page('record')}?claim={claim.number}"
    claim_page = reverse("admin:claims_claim_change", args=[claim.pk])
    assert record in clerk.get(claim_page).content.decode()
    assert clerk.post(page("record"), {"number": claim.number})["Location"] == record
    assert clerk.post(page("record"), {"number": "P0000000000"}).status_code == 409
    given = {
        "topic": "refusal", "complainant": "agent", "complainant_name": "", "words": WORDS, "channel": "regulator",
        "received_on": ward.today.isoformat(),
    }
    assert clerk.post(record, given).status_code == 409
    made = clerk.post(record, {**given, "complainant_name": "林小明"})
    appeal = Complaint.objects.get()
    change = page("change", appeal.pk)
    assert (made["Location"], appeal.kind) == (change, "appeal")

    def buttons(client: Client) -> list[str]:
        return [each["path"].rstrip("/").rsplit("/", 1)[-1] for each in client.get(change).context["actions_detail"]]

    assert (buttons(clerk), buttons(reviewer)) == (["extension", "withdraw"], ["answer", "extension"])
    assert buttons(browser(ward.reviewer)) == ["extension"]
    seen = reviewer.get(change).content.decode()
    assert WORDS in seen and "林小明" not in seen and "林**" in seen
    assert clerk.post(page("ask_extension", appeal.pk), {"reason": "需核实"}).status_code == 302
    assert buttons(reviewer)[:3] == ["answer", "extension-approve", "extension-decline"]
    assert reviewer.post(page("approve_extension", appeal.pk)).status_code == 302
    assert clerk.post(page("tell_extension", appeal.pk), {"told_on": ward.today.isoformat()}).status_code == 302
    assert Extension.objects.get().told_on == ward.today
    assert clerk.post(page("answer", appeal.pk), {"outcome": "upheld", "answer": ANSWER}).status_code == 403
    assert reviewer.post(page("answer", appeal.pk), {"outcome": "upheld", "answer": ANSWER}).status_code == 302
    assert Claim.objects.get(pk=claim.pk).state == "review" and buttons(clerk) == ["tell", "letter"]
    printed = clerk.post(page("print_answer", appeal.pk), {"file_format": "pdf", "purpose": "寄送投诉人"})
    assert printed.content[:5] == b"%PDF-" and appeal.number in printed["Content-Disposition"]
    assert clerk.post(page("tell", appeal.pk), {"told_on": ward.today.isoformat()}).status_code == 302
    assert buttons(clerk) == ["letter", "review"]
    assert clerk.post(page("ask_review", appeal.pk), {**given, "complainant": "insured"}).status_code == 302
    assert buttons(clerk) == ["letter"]
    shown = clerk.get(claim_page).content.decode()
    assert appeal.number in shown and "核查" in shown and "成立" in shown
    person = clerk.get(reverse("admin:beneficiaries_person_change", args=[claim.enrollment.person_id])).content.decode()
    assert appeal.number in person


def test_a_list_finds_by_number_filters_by_day_and_costs_the_same_for_many(kept_world: Any) -> None:
    ward, _judge, _other, claim = kept_world
    client = browser(ward.colleague)
    first = recorded(ward, claim)
    address = page("changelist")

    def questions() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    one = questions()
    for topic in (Topic.DELAY, Topic.DATA, Topic.OTHER, Topic.ATTITUDE):
        recorded(ward, claim, topic=topic)
    assert questions() == one <= 14
    found = {
        term: client.get(address, {"q": term}).context["cl"].queryset.count()
        for term in (first.number, claim.number, "T0000000000")
    }
    assert found == {first.number: 1, claim.number: 5, "T0000000000": 0}
    assert client.get(address, {"due": "over"}).context["cl"].queryset.count() == 0

"""The room's pages as their users meet them: who is offered what, what a click does, and that pages cost a few questions."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Beneficiary
from beneficiaries.testing import World
from jobs.testing import drain
from papers.models import CertificateWording, PersonRequest, Printing
from papers.testing import PURPOSE, asked, covers, make_covered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_outlines")]


def made() -> tuple[World, User]:
    world = make_covered(3)
    return world, make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def without_a_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def questions(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection, ) as asked_now:
        assert client.get(address).status_code == 200
    return len(asked_now)


def test_a_certificate_is_printed_from_the_page_of_its_cover(kept_world: Any) -> None:
    world, _officer = kept_world
    cover = covers(world)[0]
    client = browser(world.clerk)
    page = client.get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])).content.decode()
    address = f"{reverse('admin:papers_printing_single')}?cover={cover.pk}"
    assert address in page and "尚未单独打印过。" in page
    assert client.post(address, {"purpose": "补"}).status_code == 409
    assert not Printing.objects.exists()
    answer = client.post(address, {"purpose": PURPOSE})
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert "no-store" in answer["Cache-Control"] and cover.number in answer["Content-Disposition"]
    page = client.get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])).content.decode()
    assert PURPOSE in page and "打印了保障凭证，用途：发给村民本人" in page
    assert browser(world.finance_maker).get(address).status_code == 403
    by_number = client.post(reverse("admin:papers_printing_single"), {"number": cover.number})
    assert by_number["Location"] == address
    assert client.post(reverse("admin:papers_printing_single"), {"number": "HY-2027-000000000198"}).status_code == 409


def test_a_printing_goes_from_the_clerk_to_the_reviewer_and_back_with_buttons_for_each(kept_world: Any) -> None:
    world, _officer = kept_world
    clerk, reviewer = browser(world.clerk), browser(world.reviewer)
    given = {"period": world.period.pk, "organization": world.office.pk, "region_code": "", "roster": "", "purpose": PURPOSE}
    answer = clerk.post(reverse("admin:papers_printing_ask"), given)
    printing = Printing.objects.get()
    change = reverse("admin:papers_printing_change", args=[printing.pk])
    assert (answer["Location"], printing.region_code, printing.people) == (change, "441602", 3)

    def buttons(client: Client) -> list[str]:
        return [each["path"].rstrip("/").rsplit("/", 1)[-1] for each in client.get(change).context["actions_detail"]]

    assert (buttons(clerk), buttons(reviewer)) == (["cancel"], ["approve", "decline"])
    assert clerk.post(reverse("admin:papers_printing_approve", args=[printing.pk])).status_code == 403
    assert reviewer.post(reverse("admin:papers_printing_approve", args=[printing.pk])).status_code == 302
    drain()
    assert (buttons(clerk), buttons(reviewer)) == (["download"], [])
    download = reverse("admin:papers_printing_download", args=[printing.pk])
    assert reviewer.get(download).status_code == 403
    archive = b"".join(clerk.post(download).streaming_content)
    assert archive[:2] == b"PK" and Event.objects.get(verb="printing.downloaded").actor_id == world.clerk.pk


def test_a_wording_is_written_anew_and_the_newest_is_printed(kept_world: Any) -> None:
    world, _officer = kept_world
    given = {"program": world.program.pk, "how_to_claim": "请到社区服务点办理。", "phone": "12345"}
    assert browser(world.clerk).post(reverse("admin:papers_certificatewording_write"), given).status_code == 403
    assert browser(world.reviewer).post(reverse("admin:papers_certificatewording_write"), given).status_code == 302
    assert CertificateWording.objects.filter(program=world.program).count() == 2
    assert CertificateWording.objects.filter(program=world.program).earliest("-pk").phone == "12345"


def test_a_request_goes_from_the_counter_to_the_person_in_charge_and_hides_the_person(kept_world: Any) -> None:
    world, officer = kept_world
    person = covers(world)[0].person
    clerk, charge = browser(world.clerk), browser(officer)
    page = clerk.get(reverse("admin:beneficiaries_person_change", args=[person.pk])).content.decode()
    address = f"{reverse('admin:papers_personrequest_record')}?person={person.pk}"
    assert address.replace("&", "&amp;") in page
    given = {
        "kind": "restriction", "asker": "self", "asker_name": "", "identity_check": "document", "text": "不要再联系我",
        "received_on": timezone.localdate().isoformat(),
    }
    assert clerk.post(address, given).status_code == 302
    request = PersonRequest.objects.get()
    change = reverse("admin:papers_personrequest_change", args=[request.pk])
    seen = charge.get(change).content.decode()
    assert str(person.name) in seen and person.name.reveal() not in seen and "不要再联系" not in seen
    assert charge.get(reverse("admin:beneficiaries_person_changelist")).status_code == 403
    assert clerk.post(reverse("admin:papers_personrequest_grant", args=[request.pk]), {}).status_code == 403
    assert charge.post(reverse("admin:papers_personrequest_grant", args=[request.pk]), {"answer": "已限制"}).status_code == 302
    assert clerk.get(reverse("admin:beneficiaries_person_change", args=[person.pk])).status_code == 404
    listed = clerk.get(reverse("admin:beneficiaries_enrollment_changelist"))
    assert listed.context["cl"].queryset.count() == 2
    lift = reverse("admin:papers_personrequest_lift", args=[request.pk])
    assert lift in clerk.get(change).content.decode()
    assert clerk.post(lift, {**given, "kind": "lifting"}).status_code == 302
    lifting = PersonRequest.objects.get(kind="lifting")
    assert charge.post(reverse("admin:papers_personrequest_grant", args=[lifting.pk]), {"answer": ""}).status_code == 302
    assert not Beneficiary.objects.exclude(restricted_at=None).exists()
    assert clerk.get(reverse("admin:beneficiaries_person_change", args=[person.pk])).status_code == 200


def test_lists_cost_as_many_questions_for_many_rows_as_for_one(kept_world: Any) -> None:
    world, _officer = kept_world
    clerk = browser(world.clerk)
    address = reverse("admin:papers_printing_changelist")
    asked(world)
    one = questions(clerk, address)
    for _time in range(4):
        asked(world)
    assert questions(clerk, address) == one <= 14

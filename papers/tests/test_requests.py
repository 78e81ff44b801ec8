"""Requests of people about their data: recorded, decided by another, and what a copy, a restriction and its lifting do."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_user
from audit import reveals
from audit.classification import our_models
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import (
    approve_change,
    approve_roster,
    propose_correction,
    propose_representative,
    submit_roster,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.holdings import About, registered
from beneficiaries.identity import Identity
from beneficiaries.marking import mark_people
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange, Roster, RosterRow
from beneficiaries.models.change import Role as Speaker
from beneficiaries.people_search import people_found
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, people, resident_id, uploaded
from exports.listing import Listing, Wanted
from jobs.testing import drain
from papers import actions
from papers.errors import PapersRefused
from papers.models import Asker, IdentityCheck, PersonRequest, RequestKind
from papers.testing import PURPOSE, approved, asked, covers, make_covered
from portal.verify import check_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_outlines")]


def made() -> tuple[World, User]:
    """Three covered people, and whoever is in charge of personal information."""
    world = make_covered(3)
    return world, make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)


_django_db_helper, one_world, kept_world = shared(made)


def code_of(refused: Any) -> str:
    return refused.value.code


def recorded(world: World, cover: Enrollment, kind: RequestKind, **changes: Any) -> PersonRequest:
    values: dict[str, Any] = {
        "asker": Asker.SELF, "identity_check": IdentityCheck.DOCUMENT, "received_on": timezone.localdate(), "by": world.clerk,
        "at": timezone.now(), **changes,
    }
    return actions.record_request(cover.beneficiary, kind=kind, **values)


def granted(world: World, cover: Enrollment, kind: RequestKind, *, by: User, **changes: Any) -> PersonRequest:
    request = recorded(world, cover, kind, **changes)
    return actions.grant_request(request, answer="已办理", by=by, at=timezone.now())


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_a_request_says_who_asked_and_until_when_and_another_person_decides_it(kept_world: Any) -> None:
    world, officer = kept_world
    cover = covers(world)[0]
    day = timezone.localdate() - timedelta(days=2)
    request = recorded(world, cover, RequestKind.CORRECTION, text="名字写错了一个字", received_on=day)
    assert (request.state, request.due_on, request.person_id) == ("asked", day + timedelta(days=15), cover.person_id)
    with pytest.raises(PapersRefused) as refused:
        recorded(world, cover, RequestKind.CORRECTION)
    assert code_of(refused) == "REQUEST_WAITS"
    with pytest.raises(PapersRefused) as refused:
        actions.grant_request(request, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "ANOTHER_DECIDES"
    with pytest.raises(PapersRefused) as refused:
        actions.decline_request(request, answer=" ", by=officer, at=timezone.now())
    assert code_of(refused) == "ANSWER"
    declined = actions.decline_request(request, answer="与证件一致,无需更正", by=officer, at=timezone.now())
    assert (declined.state, declined.decided_by_id) == ("declined", officer.pk)
    for again in (actions.grant_request, actions.withdraw_request):
        with pytest.raises(PapersRefused) as refused:
            again(request, by=officer, at=timezone.now())
        assert code_of(refused) == "NOT_OPEN"
    assert "写错" not in str(list(Event.objects.values_list("data", flat=True)))
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received_on": timezone.localdate() + timedelta(days=2)}, "RECEIVED_LATER"), ({"asker": Asker.AGENT}, "ASKER"),
        ({"asker": Asker.GUARDIAN, "asker_name": "李大"}, "CHECK_OF_BOTH"),
        ({"asker": Asker.RELATIVE, "asker_name": "李大", "identity_check": IdentityCheck.BOTH}, "DEAD_ONLY"),
    ],
)
def test_whoever_asks_is_known_or_nothing_is_recorded(kept_world: Any, changes: dict[str, Any], code: str) -> None:
    world, _officer = kept_world
    with pytest.raises(PapersRefused) as refused:
        recorded(world, covers(world)[0], RequestKind.ACCESS, **changes)
    assert code_of(refused) == code
    assert not PersonRequest.objects.exists()


def test_a_copy_holds_everything_in_the_clear_and_is_handed_over_by_whoever_recorded_it(kept_world: Any) -> None:
    world, officer = kept_world
    cover, other = covers(world)[:2]
    person, known = cover.person, cover.beneficiary
    reveals.reveal(
        person, fields=["name"], reason="核对身份", by=world.clerk, at=timezone.now(), organization=world.office,
        region_code="441602", program_id=world.program.pk,
    )
    actions.print_certificate(cover, purpose=PURPOSE, by=world.clerk, at=timezone.now())
    old = known.phone.reveal()
    Beneficiary.objects.filter(pk=known.pk).update(phone=Beneficiary._meta.get_field("phone").seal("13900139000"))
    mark_people(person.pk)
    request = granted(world, cover, RequestKind.ACCESS, by=officer)
    with pytest.raises(PapersRefused) as refused:
        actions.open_copy(request, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "NO_COPY"
    drain()
    with pytest.raises(PapersRefused) as refused:
        actions.open_copy(request, by=officer, at=timezone.now())
    assert code_of(refused) == "OWN_FILE"
    content = b"".join(actions.open_copy(request, by=world.clerk, at=timezone.now()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        held = json.loads(archive.read("personal-data.json"))
        page = archive.read("personal-data.html").decode()
    line = people(1, first=0)[0]
    for value in (
        person.name.reveal(), person.document.reveal(), "13900139000", old, known.bank_account.reveal(), known.address.reveal(),
        cover.category.name, world.program.name, "99.00", "查看明文：核对身份", "打印了保障凭证", "名册.csv", line[3],
    ):
        assert value in page and value in json.dumps(held, ensure_ascii=False), value
    titles = [part["title"] for part in held["held"]]
    assert {"人员：历史版本", "来源文件中的原始行", "个人信息处理记录", "凭证打印", "个人信息请求"} & set(titles) >= {
        "来源文件中的原始行", "个人信息处理记录", "凭证打印", "个人信息请求",
    }
    assert any(title.endswith("历史版本") for title in titles)
    # Of nobody else, and of no member of staff.
    assert other.person.document.reveal() not in page and world.clerk.display_name not in page
    request.refresh_from_db()
    assert [event.verb for event in Event.objects.filter(subject_type="papers.personrequest").order_by("pk")] == [
        "request.recorded", "request.granted", "request.gathered", "request.copy_handed_over",
    ]
    assert broken() == []
    assert actions.purge_copies(at=timezone.now() + timedelta(days=7)) == 1
    with pytest.raises(PapersRefused) as refused:
        actions.open_copy(request, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "NO_COPY"
    assert broken() == []


#: Tables that point to a person and stand in no copy, each with its reason.
NOT_HELD = {
    "beneficiaries.MergedRow": "rows that a merge moved: the rows themselves are held",
    "beneficiaries.MissingEnrollment": "that a full list left somebody out: the cover and its ending are held",
    "beneficiaries.RosterRow": "lines of files, by the rows that came of them: `_lines_of_files`",
    "retention.LegalHold": "an investigation's, of which the law has nobody told (PIPL, articles 18 and 45)",
    "beneficiaries.DecidedLine": "a reviewer's decision on a line in doubt, until the roster is applied",
}


def test_every_table_that_points_to_a_person_is_held_or_says_why_not(kept_world: Any) -> None:
    nobody = About([], [], [], "/")
    held = {holding.rows(nobody).model for holding in registered()}
    people_of = {Person, Beneficiary, Enrollment}
    pointing = {
        model for model in our_models() if not model._meta.proxy and (
            model in people_of
            or any(isinstance(field, ForeignKey) and field.related_model in people_of for field in model._meta.fields)
        )
    }
    left_out = {apps.get_model(label) for label in NOT_HELD}
    assert {model._meta.label for model in pointing - held - left_out} == set()
    assert {model._meta.label for model in left_out & held} == set()


@pytest.mark.parametrize("kind", [RequestKind.RESTRICTION, RequestKind.DELETION, RequestKind.WITHDRAWAL])
def test_whoever_asked_for_it_is_in_no_list_search_export_or_print_and_the_cover_stands(kept_world: Any, kind: RequestKind) -> None:
    world, officer = kept_world
    cover, other = covers(world)[:2]
    document = cover.person.document.reveal()
    proposed = propose_correction(
        cover.beneficiary, right=Identity("李更名", "", "", None, ""), reason="身份证已更名", by=world.clerk, at=timezone.now()
    )
    request = granted(world, cover, kind, by=officer)
    assert proposed not in PersonChange.objects.visible_to(world.reviewer)
    with pytest.raises(BeneficiariesRefused) as waits:
        approve_change(proposed, shown=digest_of(proposed), by=world.reviewer, at=timezone.now())
    assert waits.value.code == "RESTRICTED"
    assert list(Beneficiary.objects.exclude(restricted_at=None)) == [cover.beneficiary]
    for reader in (world.clerk, world.reviewer, world.auditor):
        assert set(Enrollment.objects.visible_to(reader)) == set(covers(world)[1:])
        assert cover.person not in Person.objects.visible_to(reader) and other.person in Person.objects.visible_to(reader)
        assert not people_found(document).visible_to(reader).exists()
    listing = Listing("beneficiaries.enrollment", world.clerk, Wanted(""))
    assert cover.pk not in {row.pk for row in listing.page("", size=10)[0]} and listing.count() == 2
    with pytest.raises(PapersRefused) as refused:
        actions.print_certificate(cover, purpose=PURPOSE, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "OUT_OF_SCOPE"
    assert asked(world).people == 2
    with pytest.raises(BeneficiariesRefused) as refused_change:
        propose_correction(
            cover.beneficiary, right=Identity("李改名", "", "", None, ""), reason="身份证已更名", by=world.clerk, at=timezone.now()
        )
    assert refused_change.value.code == "RESTRICTED"
    # The cover itself is a duty: it stands, and claims will find it.
    assert Enrollment.objects.get(pk=cover.pk).state == "in_force"
    assert request in PersonRequest.objects.visible_to(world.clerk) and request in PersonRequest.objects.visible_to(officer)
    year = timezone.localtime(cover.ends_at).year
    assert (request.kept_until is not None) == (kind == RequestKind.DELETION)
    if kind == RequestKind.DELETION:
        assert request.kept_until.isoformat() == f"{year + 10}-01-01"
    with pytest.raises(BeneficiariesRefused) as twice:
        granted(world, cover, RequestKind.RESTRICTION if kind != RequestKind.RESTRICTION else RequestKind.WITHDRAWAL, by=officer)
    assert twice.value.code == "RESTRICTED_ALREADY"


def test_a_printing_that_was_approved_before_leaves_out_whoever_was_restricted_since(kept_world: Any) -> None:
    world, officer = kept_world
    printing = approved(world)
    granted(world, covers(world)[0], RequestKind.RESTRICTION, by=officer)
    drain()
    printing.refresh_from_db()
    assert (printing.state, printing.people) == ("ready", 2)


def test_a_roster_that_meets_the_person_says_so_neutrally_and_the_other_lines_go_on(kept_world: Any) -> None:
    world, officer = kept_world
    cover = covers(world)[0]
    granted(world, cover, RequestKind.RESTRICTION, by=officer)
    before = Beneficiary.objects.get(pk=cover.beneficiary_id)
    rows = people(4, phone="13700137000")
    rows[-1][8] = "13700137009"
    roster = applied(world, rows)
    met = [row for row in RosterRow.objects.filter(roster=roster) if "NOT_PROCESSED" in row.codes]
    assert len(met) == 1 and met[0].document is None
    finding = next(each for each in met[0].findings if each["code"] == "NOT_PROCESSED")
    assert cover.person.document.reveal() not in str(finding) and cover.person.name.reveal() not in str(finding)
    after = Beneficiary.objects.get(pk=cover.beneficiary_id)
    assert (after.phone, after.updated_at) == (before.phone, before.updated_at)
    assert Enrollment.objects.filter(roster=roster).count() == 1
    assert broken() == []


def test_a_restriction_between_review_and_approval_sets_the_line_aside(kept_world: Any) -> None:
    world, officer = kept_world
    cover = covers(world)[0]
    Enrollment.objects.filter(pk=cover.pk).update(state="ended")
    roster = uploaded(world, people(4))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    granted(world, cover, RequestKind.RESTRICTION, by=officer)
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    aside = RosterRow.objects.filter(roster=roster).exclude(set_aside="").values_list("set_aside", flat=True)
    enrolled = Enrollment.objects.filter(roster=roster)
    assert "NOT_PROCESSED" in list(aside)
    assert not enrolled.filter(person=cover.person).exists() and enrolled.count() == 1


def test_a_lifted_restriction_brings_the_person_back_everywhere(kept_world: Any) -> None:
    world, officer = kept_world
    cover = covers(world)[0]
    with pytest.raises(PapersRefused) as refused:
        recorded(world, cover, RequestKind.LIFTING)
    assert code_of(refused) == "NOT_RESTRICTED"
    granted(world, cover, RequestKind.RESTRICTION, by=officer)
    granted(world, cover, RequestKind.LIFTING, by=officer)
    assert not Beneficiary.objects.exclude(restricted_at=None).exists()
    assert set(Enrollment.objects.visible_to(world.clerk)) == set(covers(world))
    actions.print_certificate(cover, purpose=PURPOSE, by=world.clerk, at=timezone.now())
    verbs = Event.objects.filter(subject_type="beneficiaries.beneficiary").order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["person.restricted", "person.restriction_lifted"]
    assert broken() == []


def test_where_an_agent_is_recorded_nobody_else_asks_as_one(kept_world: Any) -> None:
    world, _officer = kept_world
    cover = covers(world)[0]
    known = Beneficiary.objects.select_related("person", "program", "organization").get(pk=cover.beneficiary_id)
    change = propose_representative(
        known, role=Speaker.AGENT, name="赵敏", document_type="resident_id", document=resident_id("441602", "19850101", 22),
        relation="村干部", reason="委托书已核对", by=world.clerk, at=timezone.now(),
    )
    change = PersonChange.objects.get(pk=change.pk)
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())
    given = {"asker": Asker.AGENT, "identity_check": IdentityCheck.BOTH}
    with pytest.raises(PapersRefused) as refused:
        recorded(world, cover, RequestKind.ACCESS, asker_name="钱强", **given)
    assert code_of(refused) == "NOT_RECORDED"
    assert recorded(world, cover, RequestKind.ACCESS, asker_name="赵敏", **given).state == "asked"
    # For whom nobody is recorded it is as before.
    assert recorded(world, covers(world)[1], RequestKind.ACCESS, asker_name="钱强", **given).state == "asked"

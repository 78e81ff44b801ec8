"""A sample is drawn by its seed, looked at, gathered as evidence and finished; nobody sees more than they may."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.evidence import masked
from beneficiaries.models import Beneficiary, Enrollment
from beneficiaries.testing import World, applied, make_world, people
from closing.testing import closed, this_month
from gates.actions import close_notice
from gates.testing import TERMS, moment, paid, posted_notice
from intake import storage
from jobs.testing import drain
from samples import actions
from samples.drawing import population_of
from samples.errors import SamplesRefused
from samples.models import EvidenceBundle, EvidenceState, Finding, Sample, SampleItem, Stratum
from samples.rules import digest_of, rank_of
from samples.rules import drawn as drawn_by_hand
from samples.testing import PURPOSE, SEED, asked, drawn, gathering
from samples.writing import contents, cover_of
from subsidies.testing import midnight, sent

pytestmark = pytest.mark.django_db


def made() -> World:
    """Seven covers of two categories in force; what the funder was asked; an own payment is recorded for nobody."""
    world = make_world()
    applied(world, people(5))
    applied(world, people(2, first=30, categories="特困人员"))
    sent(world)
    return world


_django_db_helper, one_world, kept_world = shared(made)


def officer_of(world: World) -> User:
    found = User.objects.filter(username="hy-security").first()
    return found or make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)


def numbers() -> list[tuple[str, str]]:
    """(category, number) of every cover, as pages say them."""
    covers = Enrollment.objects.filter(state__in=("in_force", "ended")).select_related("program", "period", "category")
    return [(cover.category.code, cover.number) for cover in covers.order_by("pk")]


def of(sample: Sample) -> list[tuple[str, str]]:
    return list(sample.items.order_by("position").values_list("stratum", "number"))


def refused(do: Callable[[], Any]) -> str:
    before = (Sample.objects.count(), SampleItem.objects.count(), EvidenceBundle.objects.count(), Event.objects.count())
    with pytest.raises(SamplesRefused) as raised:
        do()
    assert before == (
        Sample.objects.count(), SampleItem.objects.count(), EvidenceBundle.objects.count(), Event.objects.count()
    )
    return raised.value.code


def test_the_database_draws_what_the_rule_draws_by_hand(kept_world: World) -> None:
    sample = drawn(kept_world, size=3)
    assert of(sample) == drawn_by_hand(SEED, [("", number) for _category, number in numbers()], size=3)
    assert (sample.population, sample.digest) == (7, digest_of([number for _stratum, number in of(sample)]))
    assert sample.population_digest == digest_of(sorted(number for _category, number in numbers()))
    assert [item.rank for item in sample.items.order_by("position")] == [rank_of(SEED, number) for _stratum, number in of(sample)]
    again, other = drawn(kept_world, size=3), drawn(kept_world, size=3, seed="other-seed")
    assert of(again) == of(sample) and again.digest == sample.digest
    assert other.population_digest == sample.population_digest and other.digest != sample.digest
    assert len(drawn(kept_world, seed="").seed) == 32


def test_a_stratified_sample_gives_each_category_its_share(kept_world: World) -> None:
    sample = drawn(kept_world, size=4, stratum=Stratum.CATEGORY)
    assert of(sample) == drawn_by_hand(SEED, numbers(), size=4)
    assert [stratum for stratum, _number in of(sample)] == ["dibao", "dibao", "dibao", "tekun"]
    by_county = drawn(kept_world, size=4, stratum=Stratum.COUNTY)
    assert {stratum for stratum, _number in of(by_county)} == {"441602"} and by_county.items.count() == 4


def test_a_sample_is_of_the_covers_that_are_meant_and_of_nobody_whose_data_is_restricted(kept_world: World) -> None:
    world = kept_world
    first, second = Enrollment.objects.order_by("pk")[:2]
    Enrollment.objects.filter(pk=first.pk).update(starts_at=midnight(this_month()))
    Beneficiary.objects.filter(pk=second.beneficiary_id).update(restricted_at=timezone.now())
    assert drawn(world, size=500).population == 6
    assert of(drawn(world, closing=closed(world))) == [("", first.number)]
    assert drawn(world, category=first.category, size=500).population == 4
    assert drawn(world, period=world.period, region_code="441602", size=500).items.count() == 6
    assert refused(lambda: drawn(world, region_code="441621")) == "NOBODY"
    Enrollment.objects.filter(pk=first.pk).update(state="voided")
    assert drawn(world, size=500).population == 5


def test_what_is_wrong_or_beyond_the_auditors_reach_is_refused(kept_world: World) -> None:
    world = kept_world
    county = make_user("hy-county.auditor", organization=world.office, role=Role.AUDITOR)
    assert refused(lambda: drawn(world, by=county)) == "OUT_OF_SCOPE"
    assert refused(lambda: drawn(world, by=world.clerk)) == "OUT_OF_SCOPE"
    assert refused(lambda: drawn(world, region_code="4417")) == "OUT_OF_SCOPE"
    assert drawn(world, by=county, organization=world.office).items.count() == 2
    for size in (0, 501):
        assert refused(lambda size=size: drawn(world, size=size)) == "SIZE"
    for seed in ("short", "with blank 1", "x" * 65):
        assert refused(lambda seed=seed: drawn(world, seed=seed)) == "SEED"
    assert refused(lambda: drawn(world, purpose="x")) == "PURPOSE"
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    assert refused(lambda: drawn(world, period=other.period)) == "PERIOD_OR_MONTH"


def test_a_sample_stands_as_it_was_drawn(kept_world: World) -> None:
    sample = drawn(kept_world)
    item = sample.items.earliest("position")
    attempts: list[Callable[[], Any]] = [
        lambda: Sample.objects.filter(pk=sample.pk).update(seed="another-seed"),
        lambda: Sample.objects.filter(pk=sample.pk).update(population=1),
        lambda: Sample.objects.filter(pk=sample.pk).delete(),
        lambda: SampleItem.objects.filter(pk=item.pk).update(number="x"), lambda: SampleItem.objects.filter(pk=item.pk).delete(),
        lambda: SampleItem.objects.filter(pk=item.pk).update(finding="fault"),
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert population_of(sample)[0] == {"": 7}


def test_each_cover_is_noted_before_a_sample_is_finished_and_stands_then(kept_world: World) -> None:
    world, at = kept_world, timezone.now()
    sample = drawn(world)
    first, second = sample.items.order_by("position")
    by = {"by": world.auditor, "at": at}
    assert refused(lambda: actions.note_item(first, finding=Finding.FAULT, note=" ", **by)) == "NOTE"
    actions.note_item(first, finding=Finding.FAULT, note="名单中类别与系统不符", **by)
    assert refused(lambda: actions.finish_sample(sample, conclusion="基本合规", **by)) == "ITEMS_OPEN"
    actions.note_item(second, finding=Finding.CORRECT, note="", **by)
    assert refused(lambda: actions.finish_sample(sample, conclusion=" ", **by)) == "CONCLUSION"
    assert refused(lambda: actions.note_item(first, finding=Finding.OPEN, note="", by=world.clerk, at=at)) == "OUT_OF_SCOPE"
    finished = actions.finish_sample(sample, conclusion="基本合规,一项类别差错", **by)
    assert (finished.finished_by, finished.conclusion) == (world.auditor, "基本合规,一项类别差错")
    assert refused(lambda: actions.note_item(first, finding=Finding.CORRECT, note="", **by)) == "FINISHED"
    told = Event.objects.filter(subject_type="samples.sample", subject_id=str(sample.pk)).order_by("pk")
    assert list(told.values_list("verb", flat=True)) == ["sample.drawn", "sample.noted", "sample.noted", "sample.finished"]
    assert told.last().data == {"covers": 2, "faults": 1}  # type: ignore[union-attr]


def unpacked(world: World, bundle: EvidenceBundle) -> dict[str, bytes]:
    content = b"".join(actions.open_evidence(bundle, by=world.auditor, at=timezone.now()))
    assert content == b"".join(actions.open_evidence(bundle, by=world.auditor, at=timezone.now()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_masked_evidence_is_whole_checked_by_its_manifest_and_tells_no_person(kept_world: World) -> None:
    sample = drawn(kept_world)
    bundle = gathering(kept_world, sample)
    assert refused(lambda: gathering(kept_world, sample)) == "UNDER_WAY"
    drain()
    bundle.refresh_from_db()
    files = unpacked(kept_world, bundle)
    first, second = sample.items.order_by("position")
    assert list(files) == [
        "manifest.json", "000-sample.html", "000-sample.json", f"001-{first.number}.html", f"001-{first.number}.json",
        f"002-{second.number}.html", f"002-{second.number}.json",
    ]
    manifest = json.loads(files["manifest.json"])
    assert hashlib.sha256(files["manifest.json"]).hexdigest() == bundle.digest
    assert {each["name"]: each["sha256"] for each in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    told = json.loads(files[f"001-{first.number}.json"])
    titles = [part["title"] for part in told["parts"]]
    for title in ("保障", "文件中的行", "来源与审批", "方案与出资", "请款单", "做过什么"):
        assert title in titles, titles
    person: Any = cover_of(first).person
    whole = b"".join(files.values()).decode()
    assert person.document.reveal() not in whole and person.name.reveal() not in whole
    assert str(person.document) in whole and str(person.name) in whole
    roster = cover_of(first).roster
    assert roster is not None and roster.approved_digest in whole and "名册.csv" in whole
    again = json.loads(files["000-sample.json"])
    assert [pair[0] for pair in again["parts"][2]["entries"][0]] == [first.number, second.number]
    assert not Event.objects.filter(verb="cover.evidence_opened").exists()


def test_evidence_in_the_clear_needs_another_person_and_leaves_a_record_of_each_cover(kept_world: World) -> None:
    world, at = kept_world, timezone.now()
    officer = officer_of(world)
    sample = drawn(world)
    assert refused(lambda: actions.ask_clear_evidence(sample, purpose="", by=world.auditor, at=at)) == "PURPOSE"
    bundle = asked(world, sample)
    assert refused(lambda: actions.approve_evidence(bundle, by=world.auditor, at=at)) == "ANOTHER_APPROVES"
    assert refused(lambda: actions.approve_evidence(bundle, by=world.reviewer, at=at)) == "OUT_OF_SCOPE"
    assert refused(lambda: actions.open_evidence(bundle, by=world.auditor, at=at)) == "STATE"
    actions.approve_evidence(bundle, by=officer, at=at)
    drain()
    bundle.refresh_from_db()
    assert refused(lambda: actions.open_evidence(bundle, by=officer, at=at)) == "OWN_FILE"
    files = unpacked(world, bundle)
    item = sample.items.earliest("position")
    person: Any = cover_of(item).person
    page = files[f"001-{item.number}.html"].decode()
    assert person.document.reveal() in page and person.name.reveal() in page and "6228480000000007" in page
    opened = Event.objects.filter(verb="cover.evidence_opened").order_by("pk")
    assert [event.subject_id for event in opened] == [str(each.enrollment_id) for each in sample.items.order_by("position")]
    assert {(event.actor_id, event.data["purpose"]) for event in opened} == {(world.auditor.pk, PURPOSE)}


def test_a_declined_and_a_cancelled_bundle_hold_nothing(kept_world: World) -> None:
    world, at = kept_world, timezone.now()
    officer, sample = officer_of(world), drawn(world)
    bundle = asked(world, sample)
    assert refused(lambda: actions.decline_evidence(bundle, reason=" ", by=officer, at=at)) == "REASON"
    assert actions.decline_evidence(bundle, reason="范围过大", by=officer, at=at).state == EvidenceState.DECLINED
    assert refused(lambda: actions.approve_evidence(bundle, by=officer, at=at)) == "STATE"
    other = gathering(world, sample)
    assert refused(lambda: actions.cancel_evidence(other, by=officer, at=at)) == "OWN_FILE"
    assert actions.cancel_evidence(other, by=world.auditor, at=at).state == EvidenceState.CANCELLED
    drain()
    assert not other.parts.exists()


def test_files_are_deleted_at_the_end_of_their_time_and_the_row_says_so(kept_world: World) -> None:
    world = kept_world
    bundle = gathering(world, drawn(world))
    drain()
    bundle.refresh_from_db()
    assert len(storage.keys_within(bundle.folder)) == 3
    later = timezone.now() + timedelta(days=31)
    assert refused(lambda: actions.open_evidence(bundle, by=world.auditor, at=later)) == "EXPIRED"
    assert [actions.purge_evidence(at=at) for at in (timezone.now(), later, later)] == [0, 1, 0]
    bundle.refresh_from_db()
    assert (bundle.state, storage.keys_within(bundle.folder), bundle.parts.count()) == (EvidenceState.EXPIRED, [], 0)


def test_evidence_tells_the_notice_and_the_own_payment_of_a_cover(kept_world: World) -> None:
    world = make_world(code="ZZ", regions=("4417", "441702", "441702"), **TERMS)
    applied(world, people(1, county="441702", first=90))
    cover = Enrollment.objects.select_related("program").get(program=world.program)
    notice = posted_notice(world, region_code="441702")
    close_notice(notice, by=world.clerk, at=moment(notice.ends_on))
    drain()
    paid(world, Enrollment.objects.filter(pk=cover.pk), reference="YH-7", amount=cover.own_share)
    parts = {part.title: part.entries for part in masked(cover_of(SampleItem(enrollment_id=cover.pk)))}
    told = [dict(entry) for entry in parts["公示"]]
    assert notice.digest in told[0].values()
    assert "YH-7" in dict(parts["个人缴费"][0]).values() and any("记账" in label for label, _value in parts["个人缴费"][1])


def test_nothing_is_shown_of_people_whose_data_was_restricted_since_the_draw(kept_world: World) -> None:
    item = drawn(kept_world).items.earliest("position")
    person: Any = cover_of(item).person
    Beneficiary.objects.filter(pk=cover_of(item).beneficiary_id).update(restricted_at=timezone.now())
    for clear in (False, True):
        page, data = contents(item, clear=clear)
        assert "仅予保存" in page.decode() and len(json.loads(data)["parts"]) == 1
        assert str(person.document) not in page.decode() and str(person.name) not in page.decode()

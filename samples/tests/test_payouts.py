"""Payouts drawn by seed, by hand and in the database alike; one payout's archive proves it to the last line, and is recorded."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Beneficiary, Person
from beneficiaries.testing import make_world
from claims.testing import Ward, make_ward
from closing.counting import next_month
from closing.testing import closed, this_month
from handover.tests.test_pages import signed_in, text_of
from payouts.models import BankResult, BatchLine
from payouts.testing import ACCOUNT, Till, keys_of, till_of
from portal.verify import check
from results.models import Result
from results.testing import line, payouts_of, recorded
from samples import actions
from samples.errors import SamplesRefused
from samples.invariants import INVARIANTS
from samples.models import Sample, SampleItem, Stratum, Subject
from samples.rules import digest_of, rank_of, weighted
from samples.rules import drawn as drawn_by_hand
from samples.testing import PURPOSE, SEED, drawn

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[Ward, Till]:
    """Three people of one program were paid by one batch, decided with calculation and signature."""
    ward = make_ward()
    world = ward.market.world
    world.program = ward.market.program
    for number, cover in enumerate((ward.cover, ward.insure(1), ward.insure(2))):
        case = ward.report(cover)
        ward.bill(case, ("out_of_catalogue", f"{20 + number * 20}000.00"), invoice_number=f"000000000{number + 1}")
        ward.decide(ward.reviewed(case)[0])
    till = till_of(world)
    batch = till.sent()
    lines = batch.batch_lines.order_by("number")
    till.answered(batch, [(key, str(each.amount), "Y") for key, each in zip(keys_of(batch), lines, strict=True)])
    return ward, till


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def payout_sample(till: Till, **changes: Any) -> Sample:
    return drawn(till.world, **{"subject": Subject.PAYOUTS, **changes})


def of(sample: Sample) -> list[tuple[str, str]]:
    return list(sample.items.order_by("position").values_list("stratum", "number"))


def refused(do: Callable[[], Any]) -> str:
    before = Sample.objects.count(), SampleItem.objects.count(), Event.objects.count()
    with pytest.raises(SamplesRefused) as raised:
        do()
    assert before == (Sample.objects.count(), SampleItem.objects.count(), Event.objects.count())
    return raised.value.code


def test_the_database_draws_the_payouts_that_the_rule_draws_by_hand(kept_world: Any) -> None:
    _ward, till = kept_world
    amounts = {each.key: each.amount for each in BatchLine.objects.all()}
    sample = payout_sample(till)
    assert of(sample) == drawn_by_hand(SEED, [("", number) for number in amounts], size=2)
    assert (sample.population, sample.digest) == (3, digest_of([number for _stratum, number in of(sample)]))
    by_sum = payout_sample(till, is_weighted=True, size=3)
    assert of(by_sum) == drawn_by_hand(SEED, [("", number) for number in amounts], size=3, amounts=amounts)
    assert [item.amount for item in by_sum.items.order_by("position")] == [amounts[number] for _stratum, number in of(by_sum)]
    places = [weighted(SEED, number, amounts[number]) for _stratum, number in of(by_sum)]
    assert places == sorted(places)
    assert payout_sample(till, stratum=Stratum.COUNTY, size=3).items.count() == 3
    assert [each.name for each in INVARIANTS if check(each).rows] == []


def test_larger_payouts_are_drawn_more_often() -> None:
    amounts = {"small": D("1.00"), "large": D("9.00")}
    first = [drawn_by_hand(f"seed-{k:05d}", [("", name) for name in amounts], size=1, amounts=amounts)[0][1] for k in range(2000)]
    assert 1700 < first.count("large") < 1900


def test_a_closed_month_has_the_payouts_that_were_taken_over_in_it_and_nobody_restricted(kept_world: Any) -> None:
    ward, till = kept_world
    while (due := next_month(till.world.program)) is not None and due <= this_month():
        month = closed(till.world, due)
    assert payout_sample(till, closing=month, size=500).population == 3
    Beneficiary.objects.filter(pk=ward.cover.beneficiary_id).update(restricted_at=timezone.now())
    assert payout_sample(till, closing=month, size=500).population == 2


def test_what_cannot_be_drawn_is_refused(kept_world: Any) -> None:
    _ward, till = kept_world
    assert refused(lambda: drawn(till.world, is_weighted=True)) == "WEIGHT"
    assert refused(lambda: drawn(till.world, subject=Subject.REPORTED)) == "NO_PAYOUT"
    cover = drawn(till.world).items.earliest("position")
    assert refused(
        lambda: actions.open_payout_evidence(cover, purpose=PURPOSE, by=till.world.auditor, at=timezone.now())
    ) == "NOT_A_PAYOUT"


def test_a_payouts_archive_proves_it_masked_and_each_download_is_recorded(kept_world: Any) -> None:
    ward, till = kept_world
    item = payout_sample(till, size=3).items.get(enrollment=ward.cover)
    at = timezone.now()
    content = actions.open_payout_evidence(item, purpose=PURPOSE, by=till.world.auditor, at=at)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert list(files) == ["manifest.json", "README.txt", "evidence.html", "evidence.json"]
    manifest = json.loads(files["manifest.json"])
    assert {each["name"]: each["sha256"] for each in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    event = Event.objects.filter(verb="payout.evidence_opened").get()
    assert event.data == {
        "payout": item.number, "sample": item.sample_id, "purpose": PURPOSE,
        "checksum": hashlib.sha256(files["manifest.json"]).hexdigest()[:12],
    }
    page, readme = files["evidence.html"].decode(), files["README.txt"].decode()
    person = Person.objects.get(pk=ward.cover.person_id)
    line, result = BatchLine.objects.get(pk=item.payout_id), BankResult.objects.get(line_id=item.payout_id)
    for words in (
        item.number, line.batch.digest, line.batch.sha256, "授权", "银行结果", f"{line.amount:.2f}", "第 1 签", "赔案", "账本记账",
        f"{result.settled_on:%Y-%m-%d}", "票据", "应付",
        # Of the trace alone: what the deductible took.
        "免赔额15,000.00元",
    ):
        assert words in page, words
    for raw in (person.name.reveal(), person.document.reveal(), ACCOUNT):
        assert raw not in page and raw not in files["evidence.json"].decode()
    assert "sha256sum" in readme and item.number in readme
    # The same again, and another event.
    assert actions.open_payout_evidence(item, purpose=PURPOSE, by=till.world.auditor, at=at)[:4] == b"PK\x03\x04"
    assert Event.objects.filter(verb="payout.evidence_opened").count() == 2


def test_an_archive_is_for_auditors_within_their_reach_who_say_what_for(kept_world: Any) -> None:
    _ward, till = kept_world
    item = payout_sample(till).items.earliest("position")
    at = timezone.now()
    county = make_user("hy-county.auditor", organization=till.world.office, role="auditor")
    for by, purpose, code in (
        (till.world.clerk, PURPOSE, "OUT_OF_SCOPE"), (county, PURPOSE, "OUT_OF_SCOPE"), (till.world.auditor, "x", "PURPOSE"),
    ):
        assert refused(
            lambda by=by, purpose=purpose: actions.open_payout_evidence(item, purpose=purpose, by=by, at=at)
        ) == code


def test_any_payout_with_a_result_has_an_archive_without_a_sample(kept_world: Any) -> None:
    ward, till = kept_world
    line, at = BatchLine.objects.get(payable__claim__enrollment=ward.cover), timezone.now()
    content = actions.open_evidence_of_payout(line, purpose=PURPOSE, by=till.world.auditor, at=at)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert list(files) == ["manifest.json", "README.txt", "evidence.html", "evidence.json"]
    person = Person.objects.get(pk=ward.cover.person_id)
    for words in (line.key, line.batch.digest, "授权", "银行结果", "第 1 签", "免赔额15,000.00元"):
        assert words in files["evidence.html"], words
    for raw in (person.name.reveal(), person.document.reveal(), ACCOUNT):
        assert raw not in files["evidence.html"] and raw not in files["evidence.json"]
    assert f"<h1>付款 {line.key}</h1>" in files["evidence.html"] and "审计抽样" not in files["README.txt"]
    event = Event.objects.get(verb="payout.evidence_opened")
    assert (event.subject_type, event.subject_id) == ("beneficiaries.enrollment", str(ward.cover.pk))
    assert event.data == {
        "payout": line.key, "purpose": PURPOSE, "checksum": hashlib.sha256(files["manifest.json"].encode()).hexdigest()[:12],
    }
    assert (Sample.objects.count(), SampleItem.objects.count()) == (0, 0)


def test_evidence_of_a_payout_is_for_auditors_within_their_reach_once_the_bank_has_told(kept_world: Any) -> None:
    ward, till = kept_world
    line = BatchLine.objects.get(payable__claim__enrollment=ward.cover)
    county = make_user("hy-county.reader", organization=till.world.office, role="auditor")
    other = make_world(code="YJ", regions=("4417", "441702", "441702")).auditor

    def asked(by: Any, purpose: str = PURPOSE, of: BatchLine = line) -> str:
        return refused(lambda: actions.open_evidence_of_payout(of, purpose=purpose, by=by, at=timezone.now()))

    assert [asked(by) for by in (till.world.clerk, county, other)] == ["OUT_OF_SCOPE"] * 3
    assert asked(till.world.auditor, "x") == "PURPOSE"
    till.owe("9.00")
    assert asked(till.world.auditor, of=BatchLine.objects.get(batch=till.prepare())) == "NO_RESULT"
    assert not Event.objects.filter(verb="payout.evidence_opened").exists()


def test_the_evidence_of_a_payout_is_downloaded_from_the_page_of_its_claim(kept_world: Any) -> None:
    ward, till = kept_world
    line = BatchLine.objects.get(payable__claim__enrollment=ward.cover)
    claim = reverse("admin:claims_claim_change", args=[line.payable.claim_id])
    address = reverse("admin:samples_sample_payout_file")
    client = signed_in(till.world.auditor)
    assert f"{address}?payout={line.key}" in client.get(claim).content.decode()
    assert line.key in text_of(client.get(address, {"payout": line.key}))
    answer = client.post(address, {"number": line.key.lower(), "purpose": PURPOSE})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == f'attachment; filename="payout-{line.key}.zip"'
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    other = signed_in(make_world(code="YJ", regions=("4417", "441702", "441702")).auditor)
    for who, number in ((other, line.key), (client, "P999999999-000001"), (client, "1 OR 1=1")):
        told = who.post(address, {"number": number, "purpose": PURPOSE})
        assert (told.status_code, "您的权限范围内没有这笔付款" in told.content.decode()) == (200, True), number
    assert address not in signed_in(till.maker).get(claim).content.decode()
    assert signed_in(till.maker).get(address).status_code == 403
    assert Event.objects.filter(verb="payout.evidence_opened").count() == 1


def test_a_payout_is_drawn_and_downloaded_by_clicks(kept_world: Any) -> None:
    _ward, till = kept_world
    client = signed_in(till.world.auditor)
    answer = client.post(reverse("admin:samples_sample_draw"), {
        "program": till.world.program.pk, "organization": till.world.city.pk, "subject": "payouts", "stratum": "none", "size": "2",
        "is_weighted": "on", "purpose": PURPOSE, "seed": SEED,
    })
    sample = Sample.objects.get()
    assert (answer.status_code, sample.subject, sample.is_weighted, sample.population) == (302, "payouts", True, 3)
    shown = text_of(client.get(reverse("admin:samples_sample_change", args=[sample.pk])))
    assert "本平台付款，按金额加权" in shown
    item = sample.items.earliest("position")
    shown = text_of(client.get(reverse("admin:samples_sampleitem_change", args=[item.pk])))
    assert item.number in shown and "付款批次及审批" in shown and "证据包" in shown
    answer = client.post(reverse("admin:samples_sampleitem_payout_file", args=[item.pk]), {"purpose": PURPOSE})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None


def test_payouts_that_an_insurer_reported_are_drawn_and_proved_likewise(kept_world: Any) -> None:
    ward, _till = kept_world
    found = payouts_of(ward.market.world, code="XYB")
    recorded(found, [line(found, 0, "C1", paid="5.00", last_four="0007"), line(found, 1, "C2", paid="7.00")])
    world = ward.market.world
    world.program = found.market.program
    sample = drawn(world, subject=Subject.REPORTED, size=5, is_weighted=True)
    assert (sample.population, sample.items.count()) == (2, 2)
    item = sample.items.get(reported=Result.objects.get(claim_number="C1"))
    assert item.rank == rank_of(SEED, item.number) and item.amount == D("5.00")
    content = actions.open_payout_evidence(item, purpose=PURPOSE, by=world.auditor, at=timezone.now())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        page = archive.read("evidence.html").decode()
    assert "C1" in page and "报告中的行" in page and "报告及审批" in page
    assert [each.name for each in INVARIANTS if check(each).rows] == []

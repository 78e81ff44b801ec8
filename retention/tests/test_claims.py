"""Papers, bills, decisions, accounts and payout files go with whoever was paid; sums, books and checksums stand."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from audit import ciphers
from audit.destroying import DESTROYED, destroyable_models, has_history, history_table, sealed_of
from audit.testing import shared
from beneficiaries.models import Enrollment, Person
from claims import actions as claims
from claims.models import Bill, Case, Claim, ClaimNote, Decision, Paper, Payable
from claims.testing import Ward, make_ward
from complaints import actions as complaints
from complaints.models import Channel, Complainant, Complaint, Topic
from handover.tests.test_pages import signed_in
from intake.storage import keys_within
from jobs.testing import drain
from payouts.models import BankResult, BankReturn, BankReturnRow, Batch, BatchLine
from payouts.testing import Till, keys_of, till_of
from portal.verify import check, check_all
from programs.models import LedgerEntry
from reconciliation.books import books_of
from reconciliation.span import Span
from retention.actions import release_run
from retention.invariants import INVARIANTS
from retention.testing import done, drawn, ended_long_ago, officer_of

pytestmark = pytest.mark.django_db
D = Decimal
PAPER = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def made() -> tuple[Ward, Till]:
    """Two people of one program were paid by one batch, with bill, paper and note; the cover of the first ended long ago."""
    ward = make_ward()
    world = ward.market.world
    world.program = ward.market.program
    other = ward.insure(1)
    for number, cover in enumerate((ward.cover, other)):
        case = ward.report(cover, account="在田里摔倒", reporter="agent", reporter_name="赵干部", reporter_phone="13912345678")
        ward.bill(case, invoice_number=f"000000000{number + 1}", printed_name=cover.person.name.reveal(), diagnosis="C34.1")
        claims.add_paper(
            case, kind="invoice", name="李芳的发票.pdf", stream=io.BytesIO(PAPER + bytes([number])), by=ward.clerk, at=ward.at
        )
        (claim,) = ward.reviewed(case)
        claims.note_claim(claim, text="家属来过电话", by=ward.clerk, at=ward.at)
        ward.decide(claim)
    till = till_of(world)
    batch = till.sent()
    till.answered(batch, [(key, str(line.amount), "Y") for key, line in zip(
        keys_of(batch), BatchLine.objects.filter(batch=batch).order_by("number"), strict=True
    )])
    officer_of(world)
    ended_long_ago([ward.cover], years=11)
    return ward, till


_django_db_helper, one_world, kept_world = shared(made)


def test_who_was_paid_is_destroyed_with_papers_bills_accounts_and_the_file_and_sums_stand(kept_world: Any) -> None:
    ward, till = kept_world
    gone, kept = Person.objects.get(pk=ward.cover.person_id), Claim.objects.exclude(enrollment=ward.cover).get()
    claim, batch = Claim.objects.get(enrollment=ward.cover), Batch.objects.get()
    paper, papers_file = Paper.objects.get(case=claim.case_id), Paper.objects.get(case=claim.case_id).storage_key
    money = list(LedgerEntry.objects.order_by("pk").values_list("account", "amount"))
    decided = list(Decision.objects.order_by("pk").values_list("amount", "used", "digest"))
    assert default_storage.exists(papers_file) and keys_within(batch.folder)
    run = done(till.world)
    assert (run.state, run.destroyed, run.spared) == ("done", 1, {})
    assert {name: run.done_counts[name] for name in (
        "case", "bill", "claim", "claimnote", "decision", "payable", "paper", "bankreturnrow"
    )} == dict.fromkeys(("case", "bill", "claim", "claimnote", "decision", "payable", "paper", "bankreturnrow"), 1)
    assert run.done_counts.keys().isdisjoint({"batch", "files"})
    for model, by in ((Case, {"claims": claim}), (Bill, {"case": claim.case_id}), (Claim, {"pk": claim.pk}),
            (ClaimNote, {"claim": claim}), (Decision, {"claim": claim}), (Payable, {"claim": claim})):
        row = model.objects.get(**by)
        sealed = [getattr(row, name) for name in model.personal_fields]
        assert {value.token for value in sealed if value is not None} == {ciphers.DESTROYED}, model
    assert Case.objects.get(claims=claim).diagnosis == "" and Bill.objects.get(case=claim.case_id).diagnosis == ""
    assert Claim.objects.get(pk=claim.pk).bank_name == ""
    paper.refresh_from_db()
    batch.refresh_from_db()
    assert (paper.name, paper.purged_at is not None, batch.purged_at, batch.has_file) == ("", True, None, True)
    assert not default_storage.exists(papers_file)
    # Of the other one everything is there, and so is the file, which names both.
    assert len(keys_within(batch.folder)) == 1 and BankReturn.objects.get().files.get().purged_at is None
    assert kept.payee_name.reveal() and Paper.objects.get(case=kept.case_id).purged_at is None
    assert BankReturnRow.objects.exclude(raw=None).count() == 1
    assert list(LedgerEntry.objects.order_by("pk").values_list("account", "amount")) == money
    assert list(Decision.objects.order_by("pk").values_list("amount", "used", "digest")) == decided
    assert BankResult.objects.count() == 2 and len(batch.sha256) == 64
    books = books_of(till.world.program, Span(), at=timezone.now())
    assert (books.apart, books.owed) == (0, D("0.00"))
    assert Person.objects.get(pk=gone.pk).destroyed_at is not None
    _nothing_of(claim)
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


def test_a_payout_file_and_the_banks_answer_go_with_the_last_who_was_paid_by_it(kept_world: Any) -> None:
    _ward, till = kept_world
    done(till.world)
    ended_long_ago(Enrollment.objects.filter(person__destroyed_at=None), years=11)
    run = done(till.world)
    assert {name: run.done_counts[name] for name in ("person", "batch", "bankreturnrow", "files")} == {
        "person": 1, "batch": 1, "bankreturnrow": 1, "files": 1
    }
    batch, answer = Batch.objects.get(), BankReturn.objects.get().files.get()
    assert (batch.purged_at is not None, batch.has_file, keys_within(batch.folder)) == (True, False, [])
    assert (answer.purged_at is not None, default_storage.exists(answer.storage_key)) == (True, False)
    assert BankResult.objects.count() == 2 and len(batch.sha256) == 64
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


def test_a_claim_that_is_open_or_money_that_is_owed_keeps_its_person(kept_world: Any) -> None:
    ward, till = kept_world
    Enrollment.objects.filter(pk=ward.cover.pk).update(ends_at=timezone.now())
    other = Claim.objects.exclude(enrollment=ward.cover).get()
    ended_long_ago([other.enrollment], years=11)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE claims_payable DISABLE TRIGGER USER")
        cursor.execute("UPDATE claims_payable SET state = 'failed', failure = 'limit' WHERE claim_id = %s", [other.pk])
    assert drawn(till.world).kept == {"money": 1}


def complained(ward: Ward) -> Complaint:
    """About the claim of whose cover ended long ago."""
    return complaints.record_complaint(
        Claim.objects.get(enrollment=ward.cover), topic=Topic.DELAY, complainant=Complainant.INSURED, words="拖了很久",
        channel=Channel.COUNTER, received_on=ward.today, by=ward.clerk, at=ward.at,
    )


def test_a_complaint_that_is_not_answered_and_told_spares_its_person_and_claim(kept_world: Any) -> None:
    ward, till = kept_world
    complained(ward)
    run = drawn(till.world)
    assert (run.number, run.kept) == (0, {"dispute": 1})


def test_a_complaint_that_is_over_spares_nobody(kept_world: Any) -> None:
    ward, till = kept_world
    complaints.withdraw_complaint(complained(ward), reason="已说清楚", by=ward.clerk, at=ward.at)
    run = drawn(till.world)
    assert (run.number, run.kept) == (1, {})


def test_a_complaint_that_comes_while_a_run_waits_spares_its_person(kept_world: Any) -> None:
    ward, till = kept_world
    run = drawn(till.world)
    complained(ward)
    release_run(run, digest=run.digest, by=till.world.reviewer, at=timezone.now())
    drain()
    run.refresh_from_db()
    assert (run.number, run.destroyed, run.spared) == (1, 0, {"dispute": 1})
    assert Person.objects.get(pk=ward.cover.person_id).destroyed_at is None


def test_pages_of_what_was_destroyed_say_so_calmly(kept_world: Any, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    ward, till = kept_world
    done(till.world)
    claim, batch = Claim.objects.get(enrollment=ward.cover), Batch.objects.get()
    client = signed_in(till.world.auditor)
    for name, pk in (("claims_claim", claim.pk), ("claims_payable", claim.payables.get().pk), ("payouts_batch", batch.pk)):
        answer = client.get(reverse(f"admin:{name}_change", args=[pk]))
        assert answer.status_code == 200 and "李芳" not in answer.content.decode(), name


@pytest.mark.parametrize(
    ("name", "table", "change"),
    [
        ("no_content_of_the_destroyed_is_kept", "claims_paper", "purged_at = NULL"),
        ("no_content_of_the_destroyed_is_kept", "claims_paper", "name = '李芳的发票.pdf'"),
        ("nothing_of_the_destroyed_can_be_read", "claims_case", "diagnosis = 'C34.1'"),
        ("nothing_of_the_destroyed_can_be_read", "claims_claim", "payee_name = (SELECT max(payee_name) FROM claims_claim)"),
        ("nothing_of_the_destroyed_can_be_read", "claims_payable", "bank_name = '中国农业银行'"),
    ],
)
def test_what_is_left_of_who_was_destroyed_is_found(kept_world: Any, name: str, table: str, change: str) -> None:
    _ward, till = kept_world
    done(till.world)
    assert [each.name for each in INVARIANTS if check(each).rows] == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {change}")
    assert name in [each.name for each in INVARIANTS if check(each).rows]


def test_a_payout_file_that_outlives_the_last_who_was_paid_by_it_is_found(kept_world: Any) -> None:
    _ward, till = kept_world
    (invariant,) = (each for each in INVARIANTS if each.name == "no_content_of_the_destroyed_is_kept")
    done(till.world)
    # It names one who stands.
    assert (Batch.objects.get().purged_at, check(invariant).rows) == (None, 0)
    ended_long_ago(Enrollment.objects.filter(person__destroyed_at=None), years=11)
    done(till.world)
    assert check(invariant).rows == 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE payouts_batch DISABLE TRIGGER USER")
        cursor.execute("UPDATE payouts_batch SET purged_at = NULL")
    assert check(invariant).examples == [f"payouts.batch:{Batch.objects.get().pk}"]


def _nothing_of(claim: Claim) -> None:
    """No sealed value of a destroyed row, and no version of it, can be read."""
    with connection.cursor() as cursor:
        for model in destroyable_models():
            if model._meta.app_label != "claims":
                continue
            table = model._meta.db_table
            which = {"claims_case": "t.id = %(case)s", "claims_claim": "t.id = %(claim)s", "claims_bill": "t.case_id = %(case)s"}
            where = which.get(table, "t.claim_id = %(claim)s")
            given = {"case": claim.case_id, "claim": claim.pk}
            readable = " OR ".join(f"(t.{column} IS NOT NULL AND t.{column} <> {DESTROYED})" for column in sealed_of(model))
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE {where} AND ({readable})", given)
            assert cursor.fetchone() == (0,), table
            if has_history(model):
                cursor.execute(
                    f"SELECT count(*) FROM {history_table(model)} h JOIN {table} t ON t.id = h.pgh_obj_id WHERE {where}", given
                )
                assert cursor.fetchone() == (0,), table

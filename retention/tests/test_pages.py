"""Pages of the room, in Chinese, each by its clicks: the overview, a term, a hold, a destruction and its certificate."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.testing import shared
from beneficiaries.evidence import in_the_clear, masked
from beneficiaries.holdings import about, parts_of
from beneficiaries.models import Beneficiary, Enrollment, Person
from beneficiaries.testing import World
from jobs.testing import drain
from papers.codes import check, coder, year_of
from retention.models import DestructionRun, LegalHold, RetentionTerm
from retention.testing import done, ended_long_ago, make_old, officer_of

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_old)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def page(name: str, subject: Any = None, model: str = "destructionrun") -> str:
    return reverse(f"admin:retention_{model}_{name}", args=[] if subject is None else [subject.pk])


def test_a_destruction_goes_from_its_list_to_its_certificate_by_two_people(kept_world: World) -> None:
    officer, reviewer = signed_in(officer_of(kept_world)), signed_in(kept_world.reviewer)
    given = {"program": kept_world.program.pk, "kind": "people"}
    # All whom the list's file names: it goes, too.
    ended_long_ago(Enrollment.objects.order_by("pk")[4:], years=11)
    assert reviewer.post(page("draw_up"), given).status_code == 403
    assert "爱心保 HY" in text_of(officer.get(page("draw_up")))
    made = officer.post(page("draw_up"), given)
    run = DestructionRun.objects.get()
    assert (made.status_code, made["Location"]) == (302, page("change", run))
    assert "正在列出到期内容" in text_of(officer.get(page("change", run)))
    drain()
    run.refresh_from_db()
    shown = text_of(reviewer.get(page("change", run)))
    for word in ("待放行", "保单档案 10 年", "源城区", "495.00", "清单（仅编号）"):
        assert word in shown, word
    assert officer.post(page("release", run), {"digest": run.digest}).status_code == 403
    stale = reviewer.post(page("release", run), {"digest": "0" * 64})
    assert (stale.status_code, "与您看到的清单不一致" in stale.content.decode()) == (409, True)
    early = officer.get(page("certificate", run))
    assert (early.status_code, early["Location"]) == (302, page("change", run))
    assert reviewer.post(page("release", run), {"digest": run.digest}).status_code == 302
    drain()
    run.refresh_from_db()
    paper = text_of(officer.get(page("certificate", run)))
    for word in ("销毁记录", "上传文件内容", "人员", run.certificate_digest, run.digest, "放行人"):
        assert word in paper, word
    assert "Certificate of destruction" in text_of(signed_in(officer_of(kept_world), "en").get(page("certificate", run)))


def test_pages_that_showed_somebody_destroyed_say_so_calmly(kept_world: World) -> None:
    run = done(kept_world)
    gone = Person.objects.exclude(destroyed_at=None).order_by("pk")[0]
    cover = Enrollment.objects.get(person=gone)
    clerk, auditor = signed_in(kept_world.clerk), signed_in(kept_world.auditor)
    for client in (clerk, auditor):
        for address in (
            reverse("admin:beneficiaries_person_change", args=[gone.pk]),
            reverse("admin:beneficiaries_enrollment_change", args=[cover.pk]),
        ):
            shown = text_of(client.get(address))
            assert "保存期限届满" in shown and f"销毁批次 {run.pk}" in shown
    for name in ("person", "enrollment", "roster"):
        assert text_of(clerk.get(reverse(f"admin:beneficiaries_{name}_changelist")))
    assert "（已销毁）" in text_of(clerk.get(reverse("admin:beneficiaries_person_changelist")))
    assert text_of(clerk.get(reverse("admin:beneficiaries_roster_change", args=[cover.roster_id])))
    reveal = reverse("admin:beneficiaries_person_reveal", args=[gone.pk])
    wanted = {"fields_wanted": ["name", "phone"], "reason": "核对发放名单的姓名"}
    assert clerk.post(reveal, wanted).status_code in (302, 409)
    assert "（已销毁）" in text_of(clerk.get(reverse("admin:beneficiaries_person_change", args=[gone.pk])))


def test_the_overview_tells_terms_what_comes_due_holds_and_runs(kept_world: World) -> None:
    officer = signed_in(officer_of(kept_world))
    shown = text_of(officer.get(page("overview")))
    for word in ("保单档案", "10 年", "法定最短", "没有被保全的内容", "尚未编制过销毁清单"):
        assert word in shown, word
    with CaptureQueriesContext(connection) as asked:
        officer.get(page("overview"))
    assert len(asked) < 40
    beneficiary = Beneficiary.objects.order_by("pk")[0]
    held = officer.post(page("place", model="legalhold"), {"person": beneficiary.person_id, "reason": "法院调取"})
    assert held.status_code == 302 and LegalHold.objects.get().person_id == beneficiary.person_id
    two = officer.post(page("place", model="legalhold"), {"person": 1, "roster": 1, "reason": "法院调取"})
    assert "只选一项" in two.content.decode()
    assert "法院调取" in text_of(officer.get(page("overview")))
    assert officer.post(page("lift", LegalHold.objects.get(), "legalhold"), {"reason": "结案"}).status_code == 409
    lifted = signed_in(kept_world.auditor).post(page("lift", LegalHold.objects.get(), "legalhold"), {"reason": "结案"})
    assert lifted.status_code == 302


def test_a_term_below_the_law_is_refused_and_one_above_is_put_in_force_by_another(kept_world: World) -> None:
    officer, reviewer = signed_in(officer_of(kept_world)), signed_in(kept_world.reviewer)
    given = {"program": kept_world.program.pk, "kind": "cover", "length": 4, "reason": "尽早删除"}
    short = officer.post(page("propose", model="retentionterm"), given)
    assert (short.status_code, "法律规定这类档案至少保存 5 年" in short.content.decode()) == (409, True)
    assert officer.post(page("propose", model="retentionterm"), {**given, "length": 12}).status_code == 302
    term = RetentionTerm.objects.get()
    assert officer.post(page("approve", term, "retentionterm")).status_code == 403
    assert reviewer.post(page("approve", term, "retentionterm")).status_code == 302
    term.refresh_from_db()
    assert term.state == "in_force"
    assert "12 年" in text_of(officer.get(page("overview")))


def test_copies_evidence_and_certificates_of_somebody_destroyed_tell_nothing_and_break_nothing(kept_world: World) -> None:
    cover = Enrollment.objects.select_related("person", "organization").order_by("pk")[0]
    name, document, day = cover.person.name.reveal(), cover.person.document.reveal(), cover.starts_at.date()
    code = coder(cover.program.code, year_of(cover))(cover.number, cover.starts_at)
    answer = check(cover.number, code, day=day)
    done(kept_world)
    cover = Enrollment.objects.select_related("person", "organization").get(pk=cover.pk)
    held = "\n".join(str(part) for part in parts_of(about(cover.person, cover.organization)))
    evidence = str(masked(cover)) + str(in_the_clear(cover))
    for said in (held, evidence):
        assert name not in said and document not in said
    assert "(destroyed)" in held or "（已销毁）" in held
    assert not Person.objects.with_document(document).exists()
    assert not Person.objects.with_name(name).filter(pk=cover.person_id).exists()
    assert (check(cover.number, code, day=day), day) == (answer, day) and answer is not None

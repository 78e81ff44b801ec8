"""What a plan is filed with: co-insurers and papers, asked for by its kind, fixed once submitted, read by whom it concerns."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Organization, User
from accounts.testing import make_organization, make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, make_world
from intake import storage
from portal.verify import check_all
from programs import actions
from programs.actions.plans import InsurerDraft, PlanDraft, SchemeDraft, ShareDraft
from programs.admin.versions import compared
from programs.errors import ProgramRefused
from programs.filing import digest_of
from programs.models import Plan, PlanInsurer, PlanPaper
from programs.reference import make_categories
from programs.rules.paper_files import LIMIT
from programs.testing import filed, keep_paper, make_program, pdf

pytestmark = pytest.mark.django_db
D = Decimal

_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture(autouse=True)
def without_second_factor(settings: Any) -> None:
    """Signing in is tested elsewhere."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


@pytest.fixture
def other() -> Organization:
    return make_organization("示例人寿保险", kind="insurer")


def draft(world: World, *insurers: InsurerDraft, kind: str = "supplementary", name: str = "河源定制医疗保险") -> Plan:
    """A draft that people pay for themselves."""
    program = make_program("HMB", organization=world.city, kind=kind, name="惠民保", insurer=world.insurer)
    return actions.create_plan(
        program, terms={"name": name, "premium": D("129.00"), "cover_limit": D("2000000.00")},
        draft=PlanDraft(
            categories=[make_categories(at=world.at)["renren"]], schemes=[SchemeDraft("全部", [ShareDraft("person")])],
            insurers=insurers,
        ),
        by=world.finance_maker, at=world.at,
    )


def together(world: World, other: Organization) -> tuple[InsurerDraft, InsurerDraft]:
    return InsurerDraft(world.insurer, D("60.00"), True), InsurerDraft(other, D("40.00"))


def submit(plan: Plan, world: World) -> Plan:
    return actions.submit_plan(plan, by=world.finance_maker, at=world.at)


def refusal(plan: Plan, world: World) -> str:
    with pytest.raises(ProgramRefused) as refused, override("zh-hans"):
        submit(plan, world)
    with override("zh-hans"):
        return str(refused.value)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def address(plan: Plan, name: str) -> str:
    return reverse(f"admin:programs_plan_{name}", args=[plan.pk])


# --- insurers


def test_shares_that_are_not_the_whole_or_another_lead_are_refused_and_nothing_moves(world: World, other: Organization) -> None:
    lead, second = together(world, other)
    plan = filed(draft(world, lead, InsurerDraft(other, D("39.99"))), by=world.finance_maker, at=world.at)
    assert refusal(plan, world) == "各保险公司份额合计为 99.99%，须正好为100%。"
    plan.insurers.filter(insurer=other).update(share=second.share)
    plan.insurers.update(lead=False)
    plan.insurers.filter(insurer=other).update(lead=True)
    assert refusal(plan, world) == f"须且仅须有一家主承保公司，并且是本项目的保险公司：{world.insurer}。"
    plan.refresh_from_db()
    assert plan.state == "draft"
    plan.insurers.filter(insurer=other).update(lead=False)
    plan.insurers.filter(insurer=world.insurer).update(lead=True)
    assert submit(plan, world).state == "in_review"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"share": D("59.99")}, "the shares of the insurers"), ({"lead": False}, "the shares of the insurers"),
        ({"share": D("0.00")}, "plan_insurer_share_is_a_part"), ({"share": D("100.0001")}, "plan_insurer_share_is_a_part"),
    ],
)
def test_the_database_itself_refuses_a_submitted_plan_whose_insurers_are_not_whole(
    world: World, other: Organization, changes: dict[str, Any], why: str
) -> None:
    plan = draft(world, *together(world, other))
    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        plan.insurers.filter(lead=True).update(**changes)
        Plan.objects.filter(pk=plan.pk).update(state="in_review")


def test_the_database_refuses_a_second_lead_an_office_as_insurer_and_a_lead_that_is_not_the_programs(
    world: World, other: Organization
) -> None:
    plan = draft(world, *together(world, other))
    with pytest.raises(IntegrityError, match="plan_insurer_one_leads"), transaction.atomic():
        plan.insurers.update(lead=True)
    for changes in ({"insurer": world.office}, {"insurer": make_organization("第三家财险", kind="insurer")}):
        with pytest.raises(IntegrityError, match="the shares of the insurers"), transaction.atomic():
            plan.insurers.filter(lead=True).update(**changes)
            Plan.objects.filter(pk=plan.pk).update(state="in_review")


def test_insurers_stand_once_submitted_and_go_into_the_next_version_and_the_difference(world: World, other: Organization) -> None:
    plan = submit(filed(draft(world, *together(world, other)), by=world.finance_maker, at=world.at), world)
    for change in (
        lambda: plan.insurers.update(share=D("50.00")), lambda: plan.insurers.all().delete(),
        lambda: PlanInsurer.objects.create(plan=plan, insurer=world.insurer, share=D("1.00")),
    ):
        with pytest.raises(IntegrityError, match="a draft only"), transaction.atomic():
            change()
    copy = actions.copy_plan(plan, by=world.finance_maker, at=world.at)
    kept = [(each.insurer, each.share, each.lead) for each in copy.insurers.all()]
    assert kept == [(world.insurer, D("60.0000"), True), (other, D("40.0000"), False)]
    assert (copy.papers.count(), copy.filing_number, copy.reported_on) == (0, "", None)
    copy.insurers.filter(insurer=other).update(share=D("35.00"))
    with override("zh-hans"):
        told = {(term, before, after) for _part, term, before, after in compared(plan, copy)}
    assert (
        "保险公司及份额", f"{world.insurer.name} 60.00%（主承保）、{other.name} 40.00%",
        f"{world.insurer.name} 60.00%（主承保）、{other.name} 35.00%",
    ) in told
    assert {term for term, _before, _after in told} == {"保险公司及份额", "授权书", "精算意见书", "法律意见书"}


def test_a_plan_is_drafted_with_insurers_on_its_page_and_says_what_is_missing(world: World, other: Organization) -> None:
    plan = draft(world, name="河源惠民保")
    maker = signed_in(world.finance_maker)
    page = maker.get(address(plan, "change"))
    text = page.content.decode()
    assert "提交前尚缺：" in text
    assert "产品名称中的“定制”字样、授权书、精算意见书、法律意见书" in text
    assert other.name in text  # to be chosen
    fields = {
        **{key: value for key, value in page.context["adminform"].form.initial.items() if value is not None},
        "name": "河源定制医疗保险", "filing_number": "粤金备〔2027〕12号", "reported_on": "2027-03-01",
    }
    for inline in page.context["inline_admin_formsets"]:
        form = inline.formset
        for each in (form.management_form, *form.forms):
            fields |= {each.add_prefix(name): value for name, value in each.initial.items() if value is not None}
            fields |= {each.add_prefix(name): each[name].value() for name in each.fields if each[name].value() is not None}
    fields |= {
        "insurers-TOTAL_FORMS": "2", "insurers-0-insurer": world.insurer.pk, "insurers-0-share": "66.6667", "insurers-0-lead": "on",
        "insurers-1-insurer": other.pk, "insurers-1-share": "33.3333",
    }
    answer = maker.post(address(plan, "change"), fields)
    assert answer.status_code == 302, answer.context["errors"]
    plan.refresh_from_db()
    assert (plan.name, plan.filing_number, str(plan.reported_on)) == ("河源定制医疗保险", "粤金备〔2027〕12号", "2027-03-01")
    assert list(plan.insurers.values_list("share", "lead")) == [(D("66.6667"), True), (D("33.3333"), False)]
    assert Event.objects.filter(verb="plan.changed", subject_id=str(plan.pk)).count() == 1


# --- papers


def test_a_supplementary_plan_is_not_submitted_without_its_papers_nor_under_another_name(world: World) -> None:
    plan = draft(world, name="河源惠民保")
    said = "暂不能提交，尚缺：产品名称中的“定制”字样、授权书、精算意见书、法律意见书。"
    assert refusal(plan, world) == said
    maker = signed_in(world.finance_maker)
    answer = maker.post(address(plan, "submit"))
    assert (answer.status_code, said in answer.content.decode()) == (409, True)
    keep_paper(plan, "legal_opinion", by=world.finance_maker, at=world.at)
    Plan.objects.filter(pk=plan.pk).update(name="河源定制保险")
    assert refusal(plan, world) == "暂不能提交，尚缺：授权书、精算意见书。"
    plan.refresh_from_db()
    assert plan.state == "draft"
    for kind in ("authorization", "actuarial_opinion"):
        keep_paper(plan, kind, by=world.finance_maker, at=world.at)
    assert submit(plan, world).state == "in_review"


def test_other_kinds_of_programs_are_asked_for_nothing(world: World) -> None:
    assert submit(draft(world, kind="hardship", name="爱心保"), world).state == "in_review"


def test_a_paper_is_kept_sealed_opened_with_a_record_and_taken_out(world: World, django_capture_on_commit_callbacks: Any) -> None:
    plan = draft(world)
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    upload = {"kind": "authorization", "file": SimpleUploadedFile("授权书 440102199001011234.pdf", pdf())}
    assert maker.post(address(plan, "add_paper"), upload).status_code == 302
    paper = PlanPaper.objects.get()
    assert (paper.name, paper.media_type, paper.size, paper.uploaded_by) == (
        "授权书 ****.pdf", "application/pdf", len(pdf()), world.finance_maker,
    )
    with storage.default_storage.open(paper.storage_key, "rb") as sealed:
        assert b"PDF" not in sealed.read()
    page = checker.get(address(plan, "change")).content.decode()
    assert f"{address(plan, 'open_paper')}?paper={paper.pk}" in page
    assert "remove_paper" not in page
    answer = checker.post(address(plan, "open_paper"), {"paper": paper.pk})
    assert (b"".join(answer.streaming_content), answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        pdf(), "application/pdf", "nosniff",
    )
    assert answer["Content-Disposition"].startswith("attachment;")
    told = Event.objects.filter(verb="plan.paper_opened").get()
    assert (told.actor_id, told.subject_id, told.data) == (
        world.finance_checker.pk, str(plan.pk),
        {"version": plan.number, "kind": "authorization", "digest": paper.sha256[:12]},
    )
    with override("zh-hans"):
        assert "已下载授权书" in checker.get(address(plan, "history")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert maker.post(address(plan, "remove_paper"), {"paper": paper.pk}).status_code == 302
    assert (plan.papers.count(), storage.keys_within(f"plan-papers/{plan.pk}")) == (0, [])
    gone = maker.post(address(plan, "open_paper"), {"paper": paper.pk})
    assert gone.status_code == 200
    assert gone.context["form"].errors.keys() == {"paper"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("精算.docx", b"PK\x03\x04", "这不是PDF，也不是图片"), ("精算.pdf", pdf()[:-8], "文件结尾缺失"),
        ("精算.png", pdf(), "文件扩展名与内容"),
        ("精算.pdf", pdf().replace(b"/Catalog", b"/Catalog /JS (x)"), "可能在同事的电脑上运行"),
    ],
)
def test_a_file_that_is_no_paper_is_refused_in_words_and_nothing_is_kept(
    world: World, name: str, content: bytes, words: str
) -> None:
    plan = draft(world)
    upload = {"kind": "actuarial_opinion", "file": SimpleUploadedFile(name, content)}
    answer = signed_in(world.finance_maker).post(address(plan, "add_paper"), upload)
    assert (answer.status_code, words in answer.content.decode()) == (409, True)
    assert (PlanPaper.objects.count(), storage.keys_within(f"plan-papers/{plan.pk}")) == (0, [])


def test_a_paper_that_is_empty_too_large_or_there_already_is_refused(world: World) -> None:
    plan = draft(world)
    keep_paper(plan, by=world.finance_maker, at=world.at)
    large = io.BytesIO(b"%PDF-" + b"x" * LIMIT)
    for code, stream in (("PAPER_EMPTY", io.BytesIO(b"")), ("PAPER_SIZE", large), ("PAPER_TWICE", io.BytesIO(pdf()))):
        with pytest.raises(ProgramRefused) as refused:
            actions.add_paper(plan, kind="authorization", name="a.pdf", stream=stream, by=world.finance_maker, at=world.at)
        assert refused.value.code == code
    assert len(storage.keys_within(f"plan-papers/{plan.pk}")) == 1
    keep_paper(plan, "other", by=world.finance_maker, at=world.at)  # the same file may be two kinds of paper
    assert plan.papers.count() == 2


def test_what_a_killed_upload_left_goes_with_the_next_one(world: World) -> None:
    plan = draft(world)
    storage.store(io.BytesIO(b"left behind"), year=2027, limit=100, folder=f"plan-papers/{plan.pk}")
    paper = keep_paper(plan, by=world.finance_maker, at=world.at)
    assert storage.keys_within(f"plan-papers/{plan.pk}") == [paper.storage_key]


def test_papers_stand_once_submitted_and_their_digests_are_part_of_what_is_approved(world: World) -> None:
    plan = filed(draft(world), by=world.finance_maker, at=world.at)
    before = digest_of(plan)
    extra = keep_paper(plan, "other", by=world.finance_maker, at=world.at, number=1)
    assert digest_of(plan) != before
    actions.remove_paper(extra, by=world.finance_maker, at=world.at)
    assert digest_of(plan) == before
    plan = submit(plan, world)
    for verb in (
        lambda: keep_paper(plan, "other", by=world.finance_maker, at=world.at),
        lambda: actions.remove_paper(PlanPaper.objects.earliest("pk"), by=world.finance_maker, at=world.at),
    ):
        with pytest.raises(ProgramRefused) as refused:
            verb()
        assert refused.value.code == "STATE"
    with pytest.raises(IntegrityError, match="a draft only"), transaction.atomic():
        plan.papers.update(sha256="0" * 64)
    checker = signed_in(world.finance_checker)
    page = checker.get(address(plan, "approve"))
    shown = page.context["form"].initial["digest"]
    assert shown == digest_of(plan)
    for paper in plan.papers.all():
        assert paper.sha256[:12] in page.content.decode()
    # Sent back, and submitted with another opinion, while the page was open.
    actions.refuse_plan(plan, reason="意见书缺页", by=world.finance_checker, at=world.at)
    actions.remove_paper(plan.papers.get(kind="legal_opinion"), by=world.finance_maker, at=world.at)
    keep_paper(plan, "legal_opinion", by=world.finance_maker, at=world.at, number=2)
    submit(plan, world)
    stale = checker.post(address(plan, "approve"), {"digest": shown})
    assert (stale.status_code, "方案与您看到的已不一致" in stale.content.decode()) == (409, True)
    plan.refresh_from_db()
    assert plan.state == "in_review"
    assert checker.post(address(plan, "approve"), {"digest": digest_of(plan)}).status_code == 302
    approved = Event.objects.get(verb="plan.approved", subject_id=str(plan.pk))
    assert approved.data["content"] == digest_of(plan)[:12]


# --- who reads


def test_a_co_insurer_reads_the_plan_once_it_is_approved_and_nothing_else_of_the_program(
    world: World, other: Organization
) -> None:
    plan = filed(draft(world, *together(world, other)), by=world.finance_maker, at=world.at)
    reader = make_user("co-insurer", organization=other, role="auditor")
    client, paper = signed_in(reader), plan.papers.earliest("pk")
    asked = {"paper": paper.pk}
    for step in (lambda: None, lambda: submit(plan, world)):
        step()
        assert client.get(address(plan, "change")).status_code == 404
        assert client.post(address(plan, "open_paper"), asked).status_code in (403, 404)
    actions.approve_plan(plan, by=world.finance_checker, at=world.at)
    page = client.get(address(plan, "change"))
    assert page.status_code == 200
    assert "授权书" in page.content.decode()
    assert client.post(address(plan, "open_paper"), asked).status_code == 200
    assert client.post(address(plan, "retire")).status_code in (403, 404)
    assert client.get(reverse("admin:programs_program_change", args=[plan.program_id])).status_code in (302, 404)
    assert client.get(reverse("admin:programs_plan_change", args=[world.plan.pk])).status_code == 404
    assert list(Plan.objects.visible_to(reader, "programs.view_plan")) == [plan]
    # Of the next version it is no insurer: that one is not its to read.
    later = filed(actions.copy_plan(plan, by=world.finance_maker, at=world.at), by=world.finance_maker, at=world.at)
    later.insurers.all().delete()
    actions.approve_plan(submit(later, world), by=world.finance_checker, at=world.at)
    assert list(Plan.objects.visible_to(reader, "programs.view_plan")) == [plan]


def test_whoever_reads_the_plan_without_the_right_to_papers_sees_that_they_are_there_and_opens_none(world: World) -> None:
    plan = submit(filed(draft(world), by=world.finance_maker, at=world.at), world)
    client = signed_in(world.clerk)
    page = client.get(address(plan, "change")).content.decode()
    assert "授权书" in page
    assert address(plan, "open_paper") not in page
    assert client.post(address(plan, "open_paper"), {"paper": plan.papers.earliest("pk").pk}).status_code == 403


def test_a_plan_with_everything_leaves_the_portal_sound(world: World, other: Organization) -> None:
    plan = filed(draft(world, *together(world, other)), by=world.finance_maker, at=world.at)
    actions.approve_plan(submit(plan, world), by=world.finance_checker, at=world.at)
    assert [result.name for result in check_all() if result.rows] == []

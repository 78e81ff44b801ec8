"""A browser journey: an actuary enters a city's plan with all that the regulator asks, another puts it in force, people enroll."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.testing import make_organization
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, csv_of, make_world, people
from jobs.testing import drain
from portal.verify import check_all
from programs.models import PaperKind, Plan
from programs.testing import make_program, pdf
from tests.kit.browser import PHONE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

D = Decimal
NAME = "河源市定制医疗保险"


@pytest.fixture
def world(transactional_db: Any) -> World:
    """A city whose supplementary program has no plan yet, and a second insurer that will bear it with the first."""
    found = make_world()
    make_program("HMB", organization=found.city, insurer=found.insurer, kind="supplementary", name="河源惠民保")
    make_organization("示例人寿保险", kind="insurer")
    return found


def drafts(maker: Page, world: World) -> Plan:
    """The plan's own terms; people pay the whole themselves, and nothing else stands before cover."""
    maker.goto("/admin/programs/plan/new/")
    maker.get_by_label("项目").select_option(label="河源惠民保")
    maker.get_by_label("方案名称").fill(NAME)
    maker.get_by_label("保费", exact=False).first.fill("129.00")
    maker.get_by_label("保障额度", exact=False).first.fill("2000000.00")
    for name in ("requires_notice", "requires_own_payment", "requires_insurer_acceptance"):
        maker.locator(f"input[name={name}]").set_checked(False, force=True)
    maker.get_by_role("button", name="草稿").click()
    return Plan.objects.get(name=NAME)


def names_insurers(maker: Page, plan: Plan) -> None:
    """Two insurers and what is expected, on the draft's page."""
    for row, (insurer, share) in enumerate((("示例财产保险HY", "60.00"), ("示例人寿保险", "40.00"))):
        maker.locator("#insurers-group .add-row a, #insurers-group a.add-row").first.click()
        maker.locator(f"select[name=insurers-{row}-insurer]").select_option(label=insurer)
        maker.locator(f"input[name=insurers-{row}-share]").fill(share)
    maker.locator("input[name=insurers-0-lead]").set_checked(True, force=True)
    maker.get_by_role("button", name="保存", exact=True).click()
    assert list(plan.insurers.values_list("share", "lead")) == [(D("60.0000"), True), (D("40.0000"), False)]


def uploads(maker: Page, plan: Plan, tmp_path: Path) -> None:
    """The three papers that the page asks for."""
    for number, kind in enumerate(("authorization", "actuarial_opinion", "legal_opinion"), 700):
        label = str(PaperKind(kind).label)
        path = tmp_path / f"{label}.pdf"
        path.write_bytes(pdf(number))
        maker.goto(f"/admin/programs/plan/{plan.pk}/change/")
        maker.get_by_role("link", name=f"上传：{label}").click()
        maker.locator("input[type=file]").set_input_files(path)
        maker.get_by_role("button", name="上传").click()
        expect(maker.get_by_text("材料已随本版本保存。")).to_be_visible()


def presses(page: Page, plan: Plan, verb: str, button: str) -> None:
    """A button's page, and the button on it."""
    page.goto(f"/admin/programs/plan/{plan.pk}/{verb}/")
    page.get_by_role("button", name=button).click()


def test_an_actuary_enters_a_plan_another_puts_it_in_force_and_a_roster_enrolls(
    world: World, signed_in_page: Callable[..., Page], tmp_path: Path
) -> None:
    maker, checker = signed_in_page(world.finance_maker), signed_in_page(world.finance_checker)

    # Terms, insurers, benefits with their price; submitted too early, it says what is missing.
    plan = drafts(maker, world)
    names_insurers(maker, plan)
    maker.goto(f"/admin/programs/plan/{plan.pk}/benefits-file/")
    maker.locator("input[type=file]").set_input_files(Path(settings.BASE_DIR) / "fixtures" / "plans" / "weifang.yaml")
    maker.get_by_role("button", name="导入").click()
    screenshot(maker, "actuary-draft")
    # On a page of its own: a browser says of each refusal (409) that something failed.
    early = signed_in_page(world.finance_maker)
    presses(early, plan, "submit", "提交方案")
    expect(early.get_by_text("暂不能提交，尚缺：授权书、精算意见书、法律意见书。")).to_be_visible()
    screenshot(early, "actuary-refused")
    uploads(maker, plan, tmp_path)
    presses(maker, plan, "submit", "提交方案")

    # A colleague opens a paper, approves what the page showed, puts it in force and opens the year.
    checker.goto(f"/admin/programs/plan/{plan.pk}/change/")
    checker.get_by_role("link", name="下载 精算意见书").click()
    with checker.expect_download() as coming:
        checker.get_by_role("button", name="下载").click()
    assert Path(coming.value.path()).read_bytes() == pdf(701)
    checker.goto(f"/admin/programs/plan/{plan.pk}/approve/")
    screenshot(checker, "actuary-approve")
    checker.get_by_role("button", name="批准方案").click()
    presses(checker, plan, "force", "生效")
    plan.refresh_from_db()
    assert (plan.state, plan.papers.count(), plan.drafted_by, plan.decided_by) == (
        "in_force", 3, world.finance_maker, world.finance_checker,
    )
    year = timezone.localdate().year
    reviewer = signed_in_page(world.reviewer)
    reviewer.goto(f"/admin/programs/plan/{plan.pk}/period/")
    for name, value in (
        ("code", f"{year}"), ("starts_on", f"{year}-01-01"), ("last_day", f"{year}-12-31"),
        ("enrollment_opens_on", f"{year}-01-01"), ("enrollment_closes_on", f"{year}-12-31"),
    ):
        reviewer.locator(f"input[name={name}]").fill(value)
    reviewer.get_by_role("button", name="开启").click()

    # A county's roster comes in, is approved, and its people are covered.
    clerk = signed_in_page(world.clerk)
    clerk.goto("/admin/beneficiaries/roster/upload/")
    clerk.get_by_label("保障年度").select_option(label=f"河源惠民保 {year}")
    path = tmp_path / "参保名单.csv"
    path.write_bytes(csv_of(people(3, categories="不限类别")).getvalue())
    clerk.locator("input[type=file]").set_input_files(path)
    clerk.get_by_role("button", name="上传").click()
    drain()
    roster = Roster.objects.get()
    clerk.goto(f"/admin/beneficiaries/roster/{roster.pk}/submit/")
    clerk.get_by_role("button", name="提交").click()
    reviewer.goto(f"/admin/beneficiaries/roster/{roster.pk}/approve/")
    reviewer.get_by_role("button", name="批准").click()
    drain()
    covers = Enrollment.objects.filter(plan=plan)
    assert list(covers.values_list("state", "premium", "own_share")) == [("in_force", D("149.00"), D("149.00"))] * 3

    # Nothing in it can change any more, on a desk as on a phone.
    for size in (None, PHONE):
        page = signed_in_page(world.finance_maker, **({"size": size} if size else {}))
        page.goto(f"/admin/programs/plan/{plan.pk}/change/")
        for said in ("示例财产保险HY", "60.00", "授权书.pdf", "生效中"):
            expect(page.get_by_text(said).first).to_be_visible()
        expect(page.get_by_role("button", name="保存")).to_have_count(0)
        assert_no_horizontal_scroll(page)
        screenshot(page, f"actuary-plan-{'phone' if size else 'wide'}")
        assert_no_console_errors(page)
    for page in (maker, checker, reviewer, clerk):
        assert_no_console_errors(page)
    assert [result.name for result in check_all() if result.rows] == []

"""Browser journeys of claims: a hardship family from the report to the paid amount, an insurer's file, a bank's returned file.

Jobs run between the clicks (`drain`), as the worker would run them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.testing import make_user
from beneficiaries.models import Enrollment
from benefits import plan_file
from claims.models import Claim, Payable
from jobs.testing import drain
from payouts.models import BankReturn, Batch
from payouts.testing import ACCOUNT, Till, make_till, return_file
from portal.verify import check_all
from programs.models import PlanBenefits
from results.models import Report, Result
from results.testing import Payouts, file_of, line, payouts
from results.tests.test_reports import WORKED
from tests.kit.browser import (
    PHONE,
    assert_no_console_errors,
    assert_no_horizontal_scroll,
    screenshot,
    visible_text,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

D = Decimal
#: In the catalogue: (60,000 - 30,000 of the fund - 5,000) x 50 % = 12,500; out of it: 20,000 x 40 % = 8,000, the deductible
#: being used up; and 10,000 for a serious disease.
DUE = "30,500.00"


@pytest.fixture
def till(transactional_db: Any, settings: Any) -> Till:
    """A county's people of hardship, covered since a hundred days by the example terms; its city pays."""
    till = make_till(count=3)
    settings.SECOND_FACTOR_REQUIRED = False
    terms = plan_file.load_path(settings.BASE_DIR / "fixtures" / "plans" / "aixinbao-example.yaml")
    content = plan_file.dump(terms)
    with pgtrigger.ignore("programs.PlanBenefits:plan_benefits_stand"):
        PlanBenefits.objects.create(
            plan=till.world.plan, content=content, digest=hashlib.sha256(content.encode()).hexdigest(), changed_by=till.maker,
            changed_at=timezone.now(),
        )
    Enrollment.objects.filter(program=till.world.program).update(starts_at=timezone.now() - timedelta(days=100))
    till.covers = list(Enrollment.objects.filter(program=till.world.program).order_by("pk"))
    return till


@pytest.fixture
def insurer_world(transactional_db: Any) -> Payouts:
    return payouts()


def presses(page: Page, link: str) -> None:
    """A link that opens a button's page: in the page, or in its head, where the name of its picture stands before it."""
    page.locator("a:visible").filter(has_text=re.compile(rf"(^|[\sa-z_]){link}\s*$")).first.click()


def does(page: Page, link: str, button: str = "", **fields: str) -> None:
    """Open a button's page, fill in what it asks, press its button, which is named as the link unless said otherwise."""
    presses(page, link)
    fill(page, **fields)
    page.get_by_role("button", name=button or link, exact=True).click()


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        field = page.locator(f"form [name='{name.replace('__', '-')}']")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def opens(page: Page, queue: str, row: str) -> None:
    """From the workbench into a queue, and to the row of it that says so."""
    page.goto("/admin/")
    page.get_by_role("link", name=queue).first.click()
    page.locator("#result_list").get_by_role("link", name=row).first.click()


def assert_books_whole() -> None:
    assert [result.name for result in check_all() if result.rows] == []


def goes_to_the_bank(
    till: Till, signed_in_page: Callable[..., Page], *, payouts: int, amount: str
) -> tuple[Page, Page, Page, Batch]:
    """A batch of everything that is open, by three people, as far as the bank's word that it has the file."""
    maker, checker, authorizer = (signed_in_page(user) for user in (till.maker, till.checker, till.authorizer))
    maker.goto("/admin/payouts/batch/")
    maker.get_by_role("link", name="新建批次").first.click()
    for name in ("payer", "format"):
        maker.locator(f"form [name={name}]").select_option(index=1)
    maker.locator("form [name=organization]").select_option(label=till.world.city.name)
    maker.get_by_role("button", name="制单").click()
    batch = Batch.objects.latest("pk")
    expect(maker.get_by_text(f"{payouts}笔", exact=False).or_(maker.get_by_text(amount).first).first).to_be_visible()
    opens(checker, "待复核的付款批次", batch.reference)
    does(checker, "复核批次", "核对无误")
    opens(authorizer, "待授权的付款批次", batch.reference)
    does(authorizer, "授权")
    opens(maker, "待放行和发送的付款批次", batch.reference)
    does(maker, "放行")
    drain()
    maker.goto(f"/admin/payouts/batch/{batch.pk}/change/")
    presses(maker, "下载")
    with maker.expect_download() as coming:
        maker.get_by_role("button", name="下载", exact=True).click()
    assert Path(coming.value.path()).read_bytes()[:2] == b"PK"
    maker.goto(f"/admin/payouts/batch/{batch.pk}/change/")
    expect(maker.get_by_text("银行是否收到未知", exact=False).first).to_be_visible()
    does(maker, "登记银行答复", "登记", answer="received", reference="PC20270301")
    opens(authorizer, "待确认的银行答复", batch.reference)
    does(authorizer, "确认银行答复", "确认")
    batch.refresh_from_db()
    assert (batch.state, batch.lines, f"{batch.amount:,.2f}") == ("sent", payouts, amount)
    return maker, checker, authorizer, batch


def returns(maker: Page, checker: Page, batch: Batch, rows: list[tuple[str, ...]], folder: Path) -> BankReturn:
    """The bank's file: uploaded by the maker, looked at, submitted, approved by the checker, taken over."""
    path = folder / f"回盘{BankReturn.objects.count() + 1}.csv"
    path.write_bytes(return_file(rows).getvalue())
    maker.goto(f"/admin/payouts/batch/{batch.pk}/change/")
    maker.get_by_role("link", name="上传回盘文件").first.click()
    maker.locator("input[type=file]").set_input_files(path)
    fill(maker, control_lines=str(len(rows)), control_amount=str(sum((D(row[1]) for row in rows), D("0.00"))))
    maker.get_by_role("button", name="上传", exact=True).click()
    drain()
    found = BankReturn.objects.latest("pk")
    maker.goto(f"/admin/payouts/bankreturn/{found.pk}/change/")
    if found.state == "review" and maker.get_by_role("link", name="提交审批").count():
        does(maker, "提交审批", "提交")
        opens(checker, "待批准的回盘文件", str(found.pk))
        does(checker, "批准")
        drain()
    return BankReturn.objects.get(pk=found.pk)


def test_a_hardship_familys_claim_goes_from_the_report_to_the_paid_amount_and_back_to_the_line_of_the_roster(
    till: Till, signed_in_page: Callable[..., Page], tmp_path: Path
) -> None:
    world, cover = till.world, till.covers[0]
    clerk, reviewer = signed_in_page(world.clerk), signed_in_page(world.reviewer)
    day = timezone.localdate() - timedelta(days=5)
    clerk.goto("/admin/claims/claim/")
    presses(clerk, "报案")
    fill(clerk, who=cover.person.document.reveal(), event_on=f"{day}", diagnosis="C34.1")
    clerk.get_by_role("button", name="查找保障").last.click()
    expect(clerk.get_by_role("checkbox", name=cover.number)).to_be_checked()
    clerk.locator("button[name=_report]").click()
    claim = Claim.objects.get()
    does(
        clerk, "添加票据", "保存", invoice_code="44060125", invoice_number="0020250001", issued_on=f"{day + timedelta(days=3)}",
        hospital_name="河源市示例医院", admitted_on=f"{day}", discharged_on=f"{day + timedelta(days=3)}", total="80000.00",
        fund="30000.00", cash="50000.00", self_paid="30000.00", self_funded="20000.00", c0__kind="self_pay", c0__amount="60000.00",
        c1__kind="out_of_catalogue", c1__amount="20000.00",
    )
    does(clerk, "受理")
    does(clerk, "立案")
    does(clerk, "领取")
    does(
        clerk, "填写收款人和账户", "保存", payee="self", name=cover.person.name.reveal(), number=ACCOUNT,
        bank_name="中国农业银行源城支行", bank_code="103598000020",
    )
    presses(clerk, "理算")
    expect(clerk.get_by_text(DUE).first).to_be_visible()
    screenshot(clerk, "claim-calculated")
    clerk.get_by_role("button", name="提交签署").click()
    opens(reviewer, "待签署的核赔决定", claim.number)
    does(reviewer, "签署")
    assert (Claim.objects.get().state, Payable.objects.get().amount) == ("payable", D("30500.00"))

    maker, checker, _authorizer, batch = goes_to_the_bank(till, signed_in_page, payouts=1, amount=DUE)
    returns(maker, checker, batch, [(f"{batch.reference}-000001", "30500.00", "Y")], tmp_path)
    assert (Claim.objects.get().state, Payable.objects.get().state) == ("paid", "paid")

    # An auditor follows the amount back: claim, cover, line of the roster's file.
    auditor = signed_in_page(make_user("hy-reads-claims", organization=world.city, role="auditor"))
    auditor.goto(f"/admin/claims/claim/{claim.pk}/change/")
    said = visible_text(auditor)
    assert "30,500.00" in said and cover.person.name.reveal() not in said and ACCOUNT not in said
    screenshot(auditor, "claim-paid")
    auditor.get_by_role("link", name=cover.number).first.click()
    roster = cover.roster
    assert roster is not None
    auditor.locator(f"a[href*='/beneficiaries/roster/{roster.pk}/']").first.click()
    expect(auditor.get_by_text(roster.files.get().name).first).to_be_visible()
    phone = signed_in_page(world.clerk, size=PHONE)
    for place in ("", f"{claim.pk}/change/", "report/"):
        phone.goto(f"/admin/claims/claim/{place}")
        assert_no_horizontal_scroll(phone)
    for page in (clerk, reviewer, maker, checker, auditor, phone):
        assert_no_console_errors(page)
    assert_books_whole()


def test_a_banks_file_brings_every_kind_of_outcome_and_what_failed_is_paid_by_the_next_batch(
    till: Till, signed_in_page: Callable[..., Page], tmp_path: Path
) -> None:
    till.owe("100.00", "200.00", "300.00", "400.00", "500.00", "600.00")
    maker, checker, authorizer, batch = goes_to_the_bank(till, signed_in_page, payouts=6, amount="2,100.00")
    keys = [f"{batch.reference}-{number:06d}" for number in range(1, 7)]
    # Paid, failed, paid and come back, not known yet; one that the file leaves out; one that has another amount.
    first = returns(maker, checker, batch, [
        (keys[0], "100.00", "Y"), (keys[1], "200.00", "N", "E404", "账号不存在"), (keys[2], "300.00", "T", "E404", "账号不存在"),
        (keys[3], "400.00", "W"), (keys[5], "600.01", "Y"),
    ], tmp_path)
    maker.goto(f"/admin/payouts/bankreturn/{first.pk}/change/")
    screenshot(maker, "bank-return")
    batch.refresh_from_db()
    assert (batch.paid_lines, batch.failed_lines, batch.returned_lines, batch.open_lines) == (1, 1, 1, 3)
    second = returns(maker, checker, batch, [
        (keys[0], "100.00", "Y"), (keys[3], "400.00", "Y"), (keys[4], "500.00", "Y"), (keys[5], "600.00", "Y"),
    ], tmp_path)
    assert second.state == "applied"
    batch.refresh_from_db()
    assert (batch.state, batch.paid_lines, batch.paid_amount, batch.open_lines) == ("partial", 4, D("1600.00"), 0)
    maker.goto(f"/admin/payouts/batch/{batch.pk}/change/")
    screenshot(maker, "bank-batch")
    assert "1,600.00" in visible_text(maker)

    # What failed waits for another account, which a colleague confirms.
    clerk, reviewer = signed_in_page(till.world.clerk), signed_in_page(till.world.reviewer)
    failed = list(Payable.objects.filter(state="failed").order_by("pk"))
    assert [each.amount for each in failed] == [D("200.00"), D("300.00")]
    for each in failed:
        opens(clerk, "银行未付的款项：待更正账户", each.claim.number)
        does(
            clerk, "更正账户", "保存", payee="self", name=each.claim.enrollment.person.name.reveal(),
            number="6228480000000015", bank_name="中国农业银行源城支行", bank_code="103598000020",
        )
        reviewer.goto(f"/admin/claims/claim/{each.claim_id}/change/")
        does(reviewer, "确认账户", "确认")
    assert Payable.objects.filter(state="open").count() == 2
    for page in (maker, checker, authorizer, clerk, reviewer):
        assert_no_console_errors(page)


def test_an_insurers_file_with_planted_differences_is_shown_decided_approved_and_kept(
    insurer_world: Payouts, signed_in_page: Callable[..., Page], tmp_path: Path
) -> None:
    world = insurer_world
    clerk, reviewer = signed_in_page(world.clerk), signed_in_page(world.reviewer)
    lines = [
        line(world, 0, "A1", **WORKED),
        line(world, 1, "A2", **{"of:self_pay": "30000.00", "paid:in_catalogue": "7900.00", "paid": "7900.00"}),
        line(world, 2, "A3", name="张三丰", paid="5.00"), line(world, 3, "A4", paid="10.00"),
    ]
    path = tmp_path / "赔付.csv"
    path.write_bytes(file_of(world, lines).getvalue())
    clerk.goto("/admin/results/report/")
    clerk.get_by_role("link", name="上传赔付清单").first.click()
    clerk.locator("form [name=program]").select_option(value=str(world.market.program.pk))
    clerk.locator("form [name=organization]").select_option(value=str(world.market.world.office.pk))
    clerk.locator("input[type=file]").set_input_files(path)
    fill(clerk, reference="LP-1", control_lines="4", control_amount="372615.00")
    clerk.get_by_role("button", name="上传", exact=True).click()
    drain()
    report = Report.objects.get()
    clerk.goto(f"/admin/results/report/{report.pk}/change/")
    said = visible_text(clerk)
    assert all(word in said for word in ("一致", "不一致", "无法核算", "100.00"))
    screenshot(clerk, "insurer-report")
    clerk.get_by_role("link", name="A2").first.click()
    assert "7,800.00" in visible_text(clerk)
    screenshot(clerk, "insurer-line")
    clerk.goto(f"/admin/results/report/{report.pk}/change/")
    does(clerk, "提交审批", "提交")
    reviewer.goto(f"/admin/results/report/{report.pk}/change/")
    does(reviewer, "批准")
    drain()
    assert [(each.claim_number, each.comparison) for each in Result.objects.order_by("claim_number")] == [
        ("A1", "equal"), ("A2", "different"), ("A4", "unknown"),
    ]
    for page in (clerk, reviewer):
        assert_no_console_errors(page)
    assert_books_whole()

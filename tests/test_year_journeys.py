"""Browser journeys through a program's year: a clerk's Friday, a foundation's quarter, a death and a refund.

Jobs run between the clicks (`drain`), as the worker would run them; what days have brought is made by the actions before.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, csv_of, make_world, people
from gates.models import Notice, OwnPayment, Unpaid
from gates.tasks import close_notices
from gates.testing import TERMS, paid, posted_notice
from jobs.testing import drain
from papers.models import Printing
from papers.testing import worded
from portal.verify import check_all
from subsidies.models import Differences, FundRequest
from subsidies.testing import funds, received, sent
from tests.kit.browser import (
    PHONE,
    WIDE,
    assert_no_console_errors,
    assert_no_horizontal_scroll,
    screenshot,
    visible_text,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

D = Decimal
#: Days that a plan's notice hangs.
DAYS = TERMS["notice_days"]


@pytest.fixture
def clerk_world(transactional_db: Any) -> World:
    """Last week's roster hangs since six days; what certificates say is written."""
    world = make_world(**TERMS)
    applied(world, people(4))
    posted_notice(world, at=timezone.now() - timedelta(days=DAYS + 1))
    worded(world)
    return world


def presses(page: Page, name: str) -> None:
    """A link that opens a button's page, and the button on it."""
    page.get_by_role("link", name=name).first.click()


def confirms(checker: Page) -> None:
    """The one movement of funds that waits is confirmed, from the workbench."""
    checker.goto("/admin/")
    checker.get_by_role("link", name="待确认的资金往来").first.click()
    checker.locator("#result_list tbody a").first.click()
    presses(checker, "确认")
    checker.get_by_role("button", name="确认").click()


def asks(maker: Page, checker: Page, world: World) -> FundRequest:
    """The foundation is asked for what is new since the last request; a second person sends it."""
    maker.goto("/admin/subsidies/fundrequest/make/")
    maker.get_by_label("出资方").select_option(label=str(world.foundation))
    maker.get_by_label("保障年度").select_option(label=str(world.period))
    maker.get_by_role("button", name="拟定").click()
    drain()
    asked = FundRequest.objects.latest("pk")
    maker.goto(f"/admin/subsidies/fundrequest/{asked.pk}/change/")
    presses(maker, "提交")
    maker.get_by_role("button", name="提交").click()
    checker.goto("/admin/")
    checker.get_by_role("link", name="待审批的请款单").first.click()
    checker.get_by_role("link", name=f"#{asked.pk}").click()
    presses(checker, "批准")
    checker.get_by_role("button", name="批准并发出").click()
    asked.refresh_from_db()
    return asked


def states(world: World) -> list[str]:
    return list(Enrollment.objects.filter(program=world.program).order_by("pk").values_list("state", flat=True))


def assert_books_whole() -> None:
    assert [result.name for result in check_all() if result.rows] == []


def test_a_clerks_friday_brings_a_roster_a_notice_the_unpaid_and_the_certificates(
    clerk_world: World, signed_in_page: Callable[..., Page], tmp_path: Path
) -> None:
    world = clerk_world
    clerk, reviewer = signed_in_page(world.clerk), signed_in_page(world.reviewer)

    # This week's list comes in, and a colleague approves it.
    clerk.goto("/admin/beneficiaries/roster/upload/")
    clerk.get_by_label("保障年度").select_option(label=str(world.period))
    path = tmp_path / "本周名单.csv"
    path.write_bytes(csv_of(people(3, first=10)).getvalue())
    clerk.locator("input[type=file]").set_input_files(path)
    clerk.get_by_role("button", name="上传").click()
    expect(clerk.get_by_role("heading", name="名单 ", exact=False).first).to_be_visible()
    drain()
    clerk.reload()
    presses(clerk, "提交审批")
    clerk.get_by_role("button", name="提交").click()
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name="待审批的名单").first.click()
    new = Roster.objects.latest("pk")
    reviewer.get_by_role("link", name=f"#{new.pk}").click()
    presses(reviewer, "批准")
    reviewer.get_by_role("button", name="批准").click()
    drain()
    assert Roster.objects.get(pk=new.pk).state == "applied"

    # It hangs from today; last week's notice is over, which the clock finds.
    clerk.goto("/admin/gates/notice/make/")
    clerk.get_by_label("保障年度").select_option(label=str(world.period))
    clerk.get_by_label("名单").select_option(index=1)
    clerk.get_by_label("公示依据").fill("社会救助暂行办法")
    clerk.get_by_label("异议受理电话").fill("0762-3380000")
    clerk.get_by_role("button", name="拟定").click()
    draft = Notice.objects.latest("pk")
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name="待张榜的公示").first.click()
    reviewer.get_by_role("link", name=f"#{draft.pk}").click()
    presses(reviewer, "张榜")
    reviewer.get_by_role("button", name="张榜").click()
    draft.refresh_from_db()
    assert (draft.state, draft.people) == ("posted", 3)
    old = Notice.objects.earliest("pk")
    close_notices()
    drain()
    old.refresh_from_db()
    assert (old.state, old.passed) == ("closed", 4)

    # Who has not paid their fen: the list to go through villages with; three of four pay.
    clerk.goto("/admin/")
    clerk.get_by_role("link", name="待缴费人员").first.click()
    expect(clerk.locator("#result_list tbody tr")).to_have_count(4)
    screenshot(clerk, "friday-unpaid")
    assert_no_console_errors(clerk)
    maker = signed_in_page(world.finance_maker)
    maker.goto("/admin/gates/unpaid/")
    for box in maker.locator("#result_list tbody input[type=checkbox]").all()[:3]:
        box.check()
    maker.locator("select[name=action]").select_option(label="登记所选人员的缴费")
    maker.locator("button[name=index], #changelist-form button[type=submit]").first.click()
    maker.get_by_label("收款流水号").fill("YH-20261127-1")
    maker.get_by_label("到账金额").fill("0.03")
    maker.get_by_role("button", name="登记").click()
    expect(maker.get_by_text("缴费已登记")).to_be_visible()
    assert (OwnPayment.objects.get().amount, states(world)) == (D("0.03"), ["awaiting", *["in_force"] * 3, *["awaiting"] * 3])
    assert_no_console_errors(maker)

    # One certificate for each village, of everybody in force.
    clerk.goto("/admin/papers/printing/ask/")
    clerk.get_by_label("保障年度").select_option(label=str(world.period))
    clerk.get_by_label("用途与接收人").fill("发给村民本人")
    clerk.get_by_role("button", name="提交申请").click()
    printing = Printing.objects.get()
    reviewer.goto(f"/admin/papers/printing/{printing.pk}/change/")
    presses(reviewer, "批准")
    reviewer.get_by_role("button", name="批准").click()
    drain()
    clerk.goto("/admin/")
    clerk.get_by_role("link", name="待领取的保障凭证").first.click()
    clerk.get_by_role("link", name=f"#{printing.pk}").click()
    screenshot(clerk, "friday-certificates")
    presses(clerk, "下载")
    with clerk.expect_download() as coming:
        clerk.get_by_role("button", name="下载").click()
    names = zipfile.ZipFile(io.BytesIO(Path(coming.value.path()).read_bytes())).namelist()
    assert [name for name in names if name.endswith(".pdf")] != []
    printing.refresh_from_db()
    assert printing.people == 3

    phone = signed_in_page(world.clerk, size=PHONE)
    for place in ("/admin/", "/admin/gates/unpaid/", f"/admin/gates/notice/{draft.pk}/change/"):
        phone.goto(place)
        assert_no_horizontal_scroll(phone)
    for page in (clerk, reviewer, phone):
        assert_no_console_errors(page)
    assert_books_whole()


def test_a_foundations_quarter_from_its_request_to_two_tranches_and_a_page_without_people(
    transactional_db: Any, signed_in_page: Callable[..., Page]
) -> None:
    world = make_world()
    applied(world, people(12))
    maker, checker = signed_in_page(world.finance_maker), signed_in_page(world.finance_checker)

    # The office asks for what its covers in force cost the foundation: 12 people, 68.99 each.
    asked = asks(maker, checker, world)
    assert (asked.people, asked.amount, asked.state) == (12, D("827.88"), "sent")
    maker.goto(f"/admin/subsidies/fundrequest/{asked.pk}/change/")
    screenshot(maker, "quarter-request")

    # Two tranches come in; what is booked is what a second person has confirmed.
    for reference, amount, allocated, state in (("ZF-1", "500.00", "500.00", "sent"), ("ZF-2", "327.88", "827.88", "settled")):
        maker.goto(f"/admin/subsidies/fundrequest/{asked.pk}/receive/")
        maker.get_by_label("到账金额").fill(amount)
        maker.get_by_label("流水号").fill(reference)
        maker.get_by_role("button", name="登记").click()
        confirms(checker)
        asked.refresh_from_db()
        assert (asked.allocated, asked.state) == (D(allocated), state)

    # The foundation sees its money from grant to person-times, and nobody's name.
    for size in (WIDE, PHONE):
        foundation = signed_in_page(world.foundation_maker, size=size)
        foundation.goto(f"/admin/programs/funder/{world.foundation.pk}/change/")
        for said in ("1,000,000.00", "827.88"):
            expect(foundation.get_by_text(said).first).to_be_visible()
        assert "李" not in visible_text(foundation)
        assert_no_horizontal_scroll(foundation)
        screenshot(foundation, f"quarter-foundation-{size[0]}")
        foundation.goto(f"/admin/subsidies/fundrequest/{asked.pk}/change/")
        assert "李" not in visible_text(foundation)
        assert_no_horizontal_scroll(foundation)
        assert_no_console_errors(foundation)
    closed = foundation.goto("/admin/beneficiaries/person/")
    assert closed is not None and closed.status == 403
    for page in (maker, checker):
        assert_no_console_errors(page)
    assert_books_whole()


def test_a_death_ends_a_cover_and_each_payer_gets_their_share_back(
    transactional_db: Any, signed_in_page: Callable[..., Page]
) -> None:
    world = make_world(requires_own_payment=True)
    applied(world, people(2))
    paid(world, Unpaid.objects.filter(program=world.program), amount=D("0.02"))
    sent(world)
    received(world, "137.98")
    cover = Enrollment.objects.filter(program=world.program).earliest("pk")
    clerk, reviewer = signed_in_page(world.clerk), signed_in_page(world.reviewer)

    # The village reports the death; a colleague approves what the clerk proposes.
    clerk.goto("/admin/beneficiaries/enrollment/")
    clerk.locator("#searchbar").fill(cover.number)
    clerk.locator("#searchbar").press("Enter")
    clerk.get_by_role("link", name=cover.number).click()
    clerk.goto(f"/admin/beneficiaries/person/{cover.person_id}/change/")
    presses(clerk, "终止保障")
    clerk.get_by_label("身故").check()
    clerk.get_by_label("原因", exact=False).last.fill("村委会出具死亡证明")
    clerk.get_by_role("button", name="申报").click()
    screenshot(clerk, "death-proposed")
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name="待复核的人员变更").first.click()
    reviewer.locator("#result_list tbody a").first.click()
    presses(reviewer, "批准")
    reviewer.get_by_role("button", name="批准").click()
    cover.refresh_from_db()
    assert (cover.state, cover.person.deceased_on) == ("ended", timezone.localdate())

    # The cover had not begun: everybody gets back what they had paid, to the fen.
    maker, checker = signed_in_page(world.finance_maker), signed_in_page(world.finance_checker)
    maker.goto("/admin/subsidies/differences/make/")
    maker.get_by_label("保障年度").select_option(label=str(world.period))
    maker.get_by_role("button", name="拟定").click()
    drain()
    found = Differences.objects.get()
    assert (found.people, found.funders_amount, found.own_amount) == (1, D("98.99"), D("0.01"))
    checker.goto("/admin/")
    checker.get_by_role("link", name="待审批的差额清单").first.click()
    checker.get_by_role("link", name=f"#{found.pk}").click()
    screenshot(checker, "death-differences")
    presses(checker, "批准")
    checker.get_by_role("button", name="批准").click()
    maker.goto(f"/admin/subsidies/differences/{found.pk}/refund/")
    maker.get_by_label("退回金额").fill("0.01")
    maker.get_by_label("流水号").fill("TF-1")
    maker.get_by_role("button", name="登记").click()
    confirms(checker)
    back = asks(maker, checker, world)
    assert (back.amount, back.removals) == (D("-68.99"), 1)
    maker.goto("/admin/subsidies/fundmovement/pay-back/")
    maker.get_by_label("项目").select_option(label=str(world.program))
    maker.get_by_label("出资方").select_option(label=str(world.foundation))
    maker.get_by_label("退回金额").fill("68.99")
    maker.get_by_label("流水号").fill("TF-2")
    maker.get_by_role("button", name="登记").click()
    confirms(checker)
    assert funds(world.foundation) == {"received": D("68.99")}

    # The person's page tells the whole story.
    reviewer.goto(f"/admin/beneficiaries/person/{cover.person_id}/change/")
    expect(reviewer.get_by_text("身故").first).to_be_visible()
    screenshot(reviewer, "death-person")
    for page in (clerk, reviewer, maker, checker):
        assert_no_console_errors(page)
    assert_books_whole()

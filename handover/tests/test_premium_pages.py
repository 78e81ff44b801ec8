"""Pages of invoices and remittances: uploaded, decided, agreed, paid, each by its clicks; the period's page opens every list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, applied, make_world, people
from handover import actions
from handover.models import HandOver, Invoice, Remittance
from handover.testing import TERMS, agreed, answered, invoice_file, invoiced, numbers_of, released, remitted
from handover.tests.test_pages import signed_in, text_of
from jobs.testing import drain

pytestmark = pytest.mark.django_db


def made() -> tuple[World, list[str]]:
    """Three accepted."""
    world = make_world(**TERMS)
    applied(world, people(3))
    told = released(world)
    answered(world, told, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers_of(told))])
    return world, numbers_of(told)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:handover_{name}", args=args)


def test_an_invoice_goes_from_its_file_to_the_bank_by_three_hands(kept_world: Any) -> None:
    world, (one, two, three) = kept_world
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    assert "每个只收一次" in text_of(maker.get(page("invoice_upload")))
    content = invoice_file([(one, "", "99.00"), (two, "", "99.80"), (three, "", "98.00")]).getvalue()

    def upload(**changes: str) -> Any:
        return maker.post(page("invoice_upload"), {
            "period": world.period.pk, "number": "FP-2027-1", "issued_on": f"{timezone.localdate()}", "control_lines": "3",
            "control_amount": "296.80", "file": SimpleUploadedFile("账单.csv", content), **changes,
        })

    assert "请填写账单编号" in upload(number="441602196203151219").content.decode()
    assert upload().status_code == 302
    drain()
    invoice = Invoice.objects.get()
    shown = text_of(maker.get(page("invoice_change", invoice.pk)))
    for words in (
        "FP-2027-1", "3 行，296.80 元", "1 行：账单收取 99.80 元，应付 99.00 元", "+0.80", "-1.00", "多于应付金额（99.00, +0.80）",
    ):
        assert words in shown, words
    assert "按我方金额支付" in shown and checker.post(page("invoice_pay_ours", invoice.pk), {"reason": "x"}).status_code == 403
    assert maker.post(page("invoice_pay_ours", invoice.pk), {"reason": "按备案费率"}).status_code == 302
    assert maker.post(page("invoice_submit", invoice.pk)).status_code == 302
    invoice.refresh_from_db()
    assert "一致的行即予认可" in text_of(checker.get(page("invoice_approve", invoice.pk)))
    assert checker.post(page("invoice_approve", invoice.pk), {"digest": invoice.digest}).status_code == 302
    drain()
    shown = text_of(checker.get(page("invoice_change", invoice.pk)))
    assert "2 行，198.00 元" in shown and "1 行，98.80 元" in shown
    assert "FP-2027-1" in text_of(maker.get(page("remittance_prepare")))
    assert maker.post(page("remittance_prepare"), {"invoices": [invoice.pk]}).status_code == 302
    remittance = Remittance.objects.get()
    shown = text_of(checker.get(page("remittance_approve", remittance.pk)))
    for words in ("198.00", "137.98", "60.00", "0.02", ""):
        assert words in shown, words
    assert checker.post(page("remittance_approve", remittance.pk)).status_code == 302
    given = {"reference": "YH-2027-1", "paid_on": f"{timezone.localdate()}"}
    assert checker.post(page("remittance_confirm_paid", remittance.pk), given).status_code == 403
    assert maker.post(page("remittance_confirm_paid", remittance.pk), given).status_code == 302
    remittance.refresh_from_db()
    assert (remittance.state, remittance.reference) == ("paid", "YH-2027-1")
    assert "YH-2027-1" in text_of(maker.get(page("remittance_change", remittance.pk)))


def test_each_number_of_the_periods_page_opens_a_list_of_as_many_rows(kept_world: Any) -> None:
    world, (one, two, three) = kept_world
    first = agreed(world, invoiced(world, [(one, "", "99.00"), (three, "", "98.00")]))
    remitted(world, first)
    agreed(world, invoiced(world, [(two, "", "99.00")], number="FP-2"))
    invoiced(world, [(three, "", "99.00")], number="FP-3")
    maker, address = signed_in(world.finance_maker), reverse("admin:programs_period_change", args=[world.period.pk])
    shown = text_of(maker.get(address))
    links = dict(re.findall(r'<th scope="row">([^<]+)</th><td class="pp-right"><a href="(/[^"]*handover_?[^"]*)">', shown))
    expected = {
        "保险公司已承保（按保费清单）": 3, "账单收取": 3, "账单收取，尚未认可": 1, "已认可": 2, "有争议：账单收取而未认可": 1,
        "已承保而尚无账单认可": 1, "划付办理中": 1, "已认可，尚未划付": 1,
    }
    listed = {label: maker.get(url.replace("&amp;", "&")).context["cl"].queryset.count() for label, url in links.items()}
    assert listed == expected
    assert "上传账单" in shown and "制作划付单" in shown
    auditor = text_of(signed_in(world.auditor).get(address))
    assert "已认可，尚未划付" in auditor and "上传账单" not in auditor
    assert "已认可，尚未划付" not in text_of(signed_in(world.clerk).get(address))


def test_the_insurer_reads_what_was_decided_of_its_own_and_nothing_before_nor_of_another(kept_world: Any) -> None:
    world, (one, two, _three) = kept_world
    other = make_organization("另一财产保险", kind="insurer")
    own, foreign = (
        signed_in(make_user(name, organization=of, role=Role.AUDITOR))
        for name, of in (("ins.own", world.insurer), ("ins.other", other))
    )
    waiting = invoiced(world, [(one, "", "99.00"), (two, "", "98.00")])
    assert own.get(page("invoice_change", waiting.pk)).status_code == 404
    assert own.get(page("invoice_changelist")).context["cl"].queryset.count() == 0
    decided = agreed(world, waiting)
    prepared = actions.prepare_remittance([decided], by=world.finance_maker, at=timezone.now())
    assert own.get(page("remittance_change", prepared.pk)).status_code == 404
    shown = text_of(own.get(page("invoice_change", decided.pk)))
    assert "1 行，98.00 元" in shown and one in shown and "上传账单" not in shown
    assert own.get(page("invoice_withdraw", decided.pk)).status_code == 403
    actions.approve_remittance(prepared, by=world.finance_checker, at=timezone.now())
    assert "99.00" in text_of(own.get(page("remittance_change", prepared.pk)))
    standing = text_of(own.get(reverse("admin:programs_period_change", args=[world.period.pk])))
    assert "划付办理中" in standing and "制作划付单" not in standing
    told = HandOver.objects.get(period=world.period)
    assert "按付款方" in text_of(own.get(page("handover_change", told.pk)))
    for name, row in (("invoice_change", decided), ("remittance_change", prepared), ("handover_change", told)):
        assert foreign.get(page(name, row.pk)).status_code == 404
    for name in ("invoice_changelist", "remittance_changelist", "handover_changelist", "handoverline_changelist"):
        assert foreign.get(page(name)).context["cl"].queryset.count() == 0


def test_a_sum_is_recorded_compared_decided_and_agreed_by_clicks(kept_world: Any) -> None:
    world, _numbers = kept_world
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    assert "价税合计" in text_of(maker.get(page("invoice_record")))
    given = {
        "period": world.period.pk, "number": "24442000000012345678", "code": "", "issued_on": f"{timezone.localdate()}",
        "amount": "300.00", "tax": "16.98", "covers": "period", "sides": "entries", "hand_over": "", "month": "", "reverses": "",
    }
    assert "请选择账单的开具范围" in maker.post(page("invoice_record"), {**given, "covers": "month"}).content.decode()
    assert maker.post(page("invoice_record"), given).status_code == 302
    drain()
    invoice = Invoice.objects.get()
    assert f"编号 {invoice.pk}" in maker.post(page("invoice_record"), given).content.decode()
    shown = text_of(maker.get(page("invoice_change", invoice.pk)))
    for words in ("3 行，297.00 元", "+3.00", "总额与我方清单比对", "按批增批减", "个人自缴", "16.98", "处理差额"):
        assert words in shown, words
    assert checker.get(page("invoice_decide_sum", invoice.pk)).status_code == 403
    answer = {"kind": "accept", "reason": "按合同约定"}
    assert maker.post(page("invoice_decide_sum", invoice.pk), answer).status_code == 302
    assert maker.post(page("invoice_submit", invoice.pk)).status_code == 302
    invoice.refresh_from_db()
    shown = text_of(checker.get(page("invoice_approve", invoice.pk)))
    assert "300.00元" in shown and "+3.00" in shown
    assert checker.post(page("invoice_approve", invoice.pk), {"digest": invoice.digest}).status_code == 302
    drain()
    shown = text_of(checker.get(page("invoice_change", invoice.pk)))
    assert "3 行，300.00 元" in shown and "接受保险公司金额" in shown


def test_differing_lines_are_decided_by_their_links_and_the_insurer_fetches_the_objections(kept_world: Any) -> None:
    world, (one, two, three) = kept_world
    maker = signed_in(world.finance_maker)
    invoice = invoiced(world, [(one, "", "100.00"), (two, "", "98.00"), (three, "", "99.00")])
    address = page("invoice_decide", invoice.pk)
    shown = text_of(maker.get(page("invoice_change", invoice.pk)))
    row = invoice.rows.get(amount="98.00")
    assert f"{address}?code=CHARGED_MORE" in shown and f"{address}?only={row.pk}" in shown
    assert "98.00" in text_of(maker.get(f"{address}?only={row.pk}"))
    assert maker.post(f"{address}?only={row.pk}", {"kind": "ask", "reason": "请说明少收原因"}).status_code == 302
    assert maker.post(f"{address}?code=CHARGED_MORE", {"kind": "insist", "reason": "按备案费率"}).status_code == 302
    shown = text_of(maker.get(page("invoice_change", invoice.pk)))
    assert "请保险公司说明：请说明少收原因" in shown and "差异处理记录" in shown
    invoice.refresh_from_db()
    agreed(world, invoice)
    own = signed_in(make_user("ins.objections", organization=world.insurer, role=Role.AUDITOR))
    answer = own.post(page("invoice_objections", invoice.pk))
    assert answer.status_code == 200 and answer["Content-Type"].endswith("sheet") and "no-store" in answer["Cache-Control"]
    assert Event.objects.get(verb="invoice.objections_taken").data["lines"] == 2


def test_the_lists_of_lines_and_invoices_cost_the_same_for_one_and_for_many(kept_world: Any) -> None:
    world, (one, two, three) = kept_world
    maker = signed_in(world.finance_maker)
    agreed(world, invoiced(world, [(one, "", "99.00")]))
    counts = []
    for _turn in range(2):
        for name in ("invoice_changelist", "handoverline_changelist"):
            maker.get(page(name))
            with CaptureQueriesContext(connection) as asked:
                assert maker.get(page(name)).status_code == 200
            counts.append(len(asked))
        agreed(world, invoiced(world, [(two, "", "99.00"), (three, "", "99.00")], number="FP-2")) if len(counts) == 2 else None
    assert counts[:2] == counts[2:]

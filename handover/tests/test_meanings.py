"""Findings of a receipt or an invoice in the words of an office: cause and remedy, at the line and the column."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from handover.meanings import MEANINGS
from intake.findings import SEVERITY_OF, describe

SAID = [
    ("HANDED_NUMBER", "error", "", "第17行 证件号码：不是本保障年度的保障凭证号，请从移交清单中复制"),
    ("UNKNOWN_LINE", "error", "", "第17行 证件号码：本次移交中没有这张凭证，请核对该行属于哪一次移交"),
    ("ANSWER_MISSING", "error", "", "第17行 证件号码：没有写明承保还是拒保，请填写约定的结论用语"),
    ("POLICY_MISSING", "error", "", "第17行 证件号码：承保但没有保单号，请向保险公司补要"),
    ("POLICY_OF_REFUSED", "error", "", "第17行 证件号码：拒保却填有保单号，请向保险公司核实以哪一项为准"),
    ("POLICY_TWICE", "error", "", "第17行 证件号码：该保单号已属于另一人，请向保险公司索取正确的保单号"),
    ("REFUSAL_MISSING", "error", "", "第17行 证件号码：拒保但没有原因，请向保险公司补要"),
    ("REFUSAL_PERSONAL", "error", "", "第17行 证件号码：原因中含有较长的数字，请勿填写个人号码"),
    ("CONFLICT", "error", "", "第17行 证件号码：本回执中关于此凭证的各行互相矛盾，请向保险公司核实以哪一行为准"),
    ("ANSWERED", "warning", "", "第17行 证件号码：此前的回执已作同样答复，无需处理"),
    ("ANSWERED_OTHERWISE", "doubt", "", "第17行 证件号码：此前的回执答复不同，以此前的答复为准，请与保险公司核实"),
    ("NOT_WAITING", "warning", "", "第17行 证件号码：该凭证已不在等待保险公司承保，答复已留存，请在下次减员清单中告知保险公司"),
    ("CHARGE_OF_WHOM", "error", "", "第17行 证件号码：保障凭证号与保单号均未填写，请与保险公司核对所指何人"),
    ("UNKNOWN_CHARGE", "error", "", "第17行 证件号码：本期名单中查无此人，或该保单号下有多人，请向保险公司索取保障凭证号"),
    ("POLICY_OTHER", "error", "", "第17行 证件号码：该保障的保单号不同，请与保险公司核对所指何人"),
    ("NOT_ACCEPTED", "error", "", "第17行 证件号码：账单收取，但回执未承保，请保险公司先以回执承保"),
    ("CHARGED_TWICE", "error", "", "第17行 证件号码：本账单另一行已收取同一笔保费，以第一行为准"),
    ("CHARGED_BEFORE", "warning", "#3 FP-1", "第17行 证件号码：以前的账单已认可（#3 FP-1），不会重复支付"),
    ("CHARGED_MORE", "doubt", "99.00, +1.50", "第17行 证件号码：多于应付金额（99.00, +1.50），可决定按我方金额支付，或保留争议"),
    ("CHARGED_LESS", "doubt", "99.00, -0.01", "第17行 证件号码：少于应付金额（99.00, -0.01），保留争议，请保险公司更正账单"),
    ("SUM_DISPUTED", "error", "", "第17行 证件号码：账单总额有争议，请保险公司开具更正账单"),
]


@pytest.mark.parametrize(("code", "severity", "extra", "sentence"), SAID)
def test_a_finding_says_cause_and_remedy(code: str, severity: str, extra: str, sentence: str) -> None:
    with override("zh-hans"):
        assert describe(code, "证件号码", 17, extra=extra) == sentence
    assert SEVERITY_OF[code] == severity


def test_each_finding_of_the_room_is_said_here() -> None:
    assert {code for code, *_rest in SAID} == {meaning.code for meaning in MEANINGS}

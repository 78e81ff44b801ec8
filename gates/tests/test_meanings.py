"""What a collection statement's findings say, word for word, and why money is held for each."""

from __future__ import annotations

import pytest

from gates.meanings import HELD_FOR, MEANINGS
from intake.findings import MEANINGS as ALL
from intake.findings import describe


@pytest.mark.parametrize(
    ("code", "extra", "sentence"),
    [
        ("NO_PAYER", "", "第17行 保障凭证号：既无保障凭证号，也无证件号码，请填写其中之一"),
        ("COVER_CHECK", "", "第17行 保障凭证号：保障凭证号校验位不符，请与缴费通知核对"),
        ("PAYER_UNKNOWN", "", "第17行 保障凭证号：本机构本期查无此号码对应的人员，请核对号码、机构和期间；确无此人的应退还款项"),
        ("NAME_DIFFERS", "", "第17行 保障凭证号：姓名或证件号码与被保险人不一致，请查明为谁缴费后作出决定，或更正该行"),
        ("PAID_TWICE", "#12 YH-1", "第17行 保障凭证号：个人应缴部分已经缴清（#12 YH-1），款项应退还"),
        ("PAYER_REPEATED", "3", "第17行 保障凭证号：同一人的缴费已见于第 3 行，除非是同一笔写了两遍，否则款项应退还"),
        ("COVER_LAPSED", "", "第17行 保障凭证号：投保截止前未缴费，名额已失效，款项应退还"),
        (
            "AMOUNT_DIFFERS", "0.01, +0.99",
            "第17行 保障凭证号：与个人应缴金额不符（应缴与差额：0.01, +0.99），请核实缴费情况，金额不符不能登记",
        ),
        ("LINE_KNOWN", "#4", "第17行 保障凭证号：该笔已见于另一份对账单（#4），无需处理，款项已计入该份对账单"),
    ],
)
def test_a_finding_says_cause_and_remedy(code: str, extra: str, sentence: str) -> None:
    assert describe(code, "保障凭证号", 17, extra=extra) == sentence


def test_each_finding_is_registered_and_each_reason_to_hold_money_is_a_finding() -> None:
    own = {meaning.code for meaning in MEANINGS}
    assert own <= ALL.keys()
    assert HELD_FOR.keys() - own == {"DUP_IN_FILE"}
    # Of the whole file, of no consequence, or of refunds: money that went out is not held.
    refunds = {"NOT_GIVEN_BACK", "REFUND_AMOUNT", "REFUND_KNOWN", "REFUND_REPEATED", "REFUND_UNKNOWN", "REFUND_WAY"}
    # Of purchases on clearings: what keeps them from being given up or reversed.
    kept = {"ARRIVED", "NO_ARRIVAL", "REFUND_SHOWN"}
    assert own - HELD_FOR.keys() == {
        "CONTROL_SUM", "AMOUNT_UNREAD", "SERIAL_UNUSABLE", "WAY_DIFFERS", "NO_PURCHASE", *refunds, *kept,
    }

"""Masks: what is left of a personal value, case by case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.masking import hidden, mask_account, mask_address, mask_document, mask_name, mask_phone


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (mask_name, "", ""),
        (mask_name, "张", "*"),
        (mask_name, "张三", "张*"),
        (mask_name, "张三丰", "张**"),
        (mask_name, "欧阳修", "欧阳*"),
        (mask_name, "欧阳", "欧*"),
        (mask_name, "阿依古丽·买买提", "阿*******"),
        (mask_document, "441602196203151219", "4416**********1219"),
        (mask_document, "441602620315121", "4416*******5121"),
        (mask_document, "E12345678", "********8"),
        (mask_document, "7", "*"),
        (mask_phone, "13812345678", "138****5678"),
        (mask_phone, "2888888", "******8"),
        (mask_account, "6228480000000007", "************0007"),
        (mask_account, "1234", "***4"),
        (mask_address, "广东省河源市源城区", "广东省****"),
        (mask_address, "东埔村", "东****"),
        (mask_address, "", ""),
        (hidden, "什么都不留", "****"),
        (hidden, "", ""),
    ],
)
def test_a_mask_leaves_so_much(mask: Callable[[str], str], value: str, shown: str) -> None:
    assert mask(value) == shown

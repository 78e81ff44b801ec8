"""Example formats of banks: a file to any bank, and one within a bank; the demo begins with them."""

from __future__ import annotations

from typing import Any

from payouts.columns import checked_columns, checked_words, read_codes, read_columns, read_control_lines, read_reasons

#: Names of the two.
INTERBANK, IN_BANK = "跨行代发（示例）", "行内代发（示例）"
#: A file to any bank: with kind of transfer and bank code.
_TO_ANY_BANK = """
业务编号 = 付款编号
转账类型 = 转账类型
付款账号 = 付款账号
收款账号 = 收款账号
户名 = 收款户名
开户行 = 收款开户行
行号 = 收款行号
金额 = 金额
用途 = 用途
"""
#: A file within one bank, whose program counts fen and wants its own lines at begin and end.
_WITHIN_A_BANK = """
序号 = 序号
账号 = 收款账号
户名 = 收款户名
金额 = 金额
附言 = 用途
客户流水 = 付款编号
"""
_PLAIN: dict[str, Any] = {
    "takes": "both", "encoding": "gb18030", "separator": ",", "line_end": "crlf", "dates": "%Y%m%d", "amounts": "yuan",
    "dangerous": "refuse", "has_headings": True, "head_lines": [], "foot_lines": [],
}


def formats() -> dict[str, dict[str, Any]]:
    """Name -> terms of the two example formats."""
    return {
        INTERBANK: {
            **_PLAIN, "columns": checked_columns(read_columns(_TO_ANY_BANK), takes="both"),
            "codes": read_codes("行内 = I\n跨行 = D"),
            "result_headings": {"status": ["处理状态"], "code": ["返回码"], "reason": ["返回信息"]},
            "result_words": checked_words({"paid": ["成功"], "failed": ["失败"], "unknown": ["处理中"], "returned": ["退票"]}),
            "failure_words": read_reasons(
                "户名不符 = NAME_NOT_CORRECT\n账号不存在 = ACCOUNT_NOT_EXIST\n"
                "销户/冻结 = ACCOUNT_FROZEN、BANK_CARD_ACCOUNT_ABNORMAL\n"
                "限额 = DAY_RECEIVED_QUOTA_EXCEED\n未实名 = REAL_NAME_CHECK_FAIL"
            ),
        },
        IN_BANK: {
            **_PLAIN, "takes": "in_bank", "separator": "|", "line_end": "lf", "encoding": "utf-8", "amounts": "fen",
            "has_headings": False,
            "columns": checked_columns(read_columns(_WITHIN_A_BANK), takes="in_bank"), "codes": {},
            "head_lines": read_control_lines("H|{批次号}|{付款账号}|{付款笔数}|{合计分}|{文件日期}"),
            "foot_lines": read_control_lines("T|{付款笔数}|{合计分}"),
            "result_headings": {"line_key": ["客户流水"], "status": ["结果"], "reason": ["说明"]},
            "result_words": checked_words({"paid": ["00"], "failed": ["01"], "unknown": ["02"], "returned": ["03"]}),
            "failure_words": {},
        },
    }

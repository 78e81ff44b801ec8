"""What the letter of an answer says: its places, and the text that comes with the portal; pure. Always Chinese: people read it."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACES = (
    "收件人", "姓名", "投诉编号", "类别", "事项", "收到日期", "赔案号", "项目", "处理结果", "答复", "后续途径", "咨询电话",
    "经办机构", "今日",
)
#: Without them a letter would not say what it is for.
NEEDED = ("投诉编号", "处理结果", "答复", "后续途径")
TITLES: Mapping[str, str] = {"complaint": "消费投诉处理答复书", "appeal": "理赔申诉处理答复书", "review": "投诉核查决定书"}
TEXT = (
    "{收件人}：\n"
    "您于{收到日期}就{姓名}在“{项目}”项下的理赔申请（赔案号{赔案号}）提出的{类别}（编号{投诉编号}，事项：{事项}）收悉，现答复如下。\n"
    "处理结果：{处理结果}。\n"
    "{答复}\n"
    "{后续途径}\n"
    "咨询电话：{咨询电话}。"
)
#: What may still be done: after an answer, and after a review.
NEXT = "如对本答复有异议，可自收到之日起三十日内，以书面形式向{office}申请核查；也可依法申请调解、仲裁或提起诉讼。"
NEXT_AFTER_REVIEW = "如仍有异议，可依法申请调解、仲裁或提起诉讼。"
REOPENED = "，该赔案已重新审核，新的核定结果将另行告知"
_PLACE = re.compile(r"\{([^{}]*)\}")


def unknown_places(text: str) -> list[str]:
    """Places that the letter does not know; a brace that closes nothing is one, too."""
    found = [place for place in dict.fromkeys(_PLACE.findall(text)) if place not in PLACES]
    return found + [sign for sign in "{}" if sign in _PLACE.sub("", text)]


def missing_places(text: str) -> list[str]:
    """Places without which it says nothing."""
    found = _PLACE.findall(text)
    return [place for place in NEEDED if place not in found]

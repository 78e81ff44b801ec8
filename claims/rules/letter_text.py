"""What letters of claims say: texts with places, those that come with the portal, and a text filled in; pure.

Always Chinese: whoever is insured reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Places of every letter, of a decision's, of one that asks for papers.
EVERY = ("姓名", "收件人", "赔案号", "项目", "方案", "保险公司", "出险日期", "受理日期", "咨询电话", "经办机构", "今日")
OF_DECISION = ("核定日期", "金额", "大写金额", "申请金额", "理由")
OF_PAPERS = ("缺少材料", "材料说明", "告知日期")
#: Of what is asked back: its sum as asked, what came back or was written off by the day of the letter, and what is left.
OF_RECLAIM = ("核定日期", "核定金额", "已付金额", "要求退回金额", "已退回金额", "待退回金额", "大写金额")
PLACES: Mapping[str, tuple[str, ...]] = {
    "payment": EVERY + OF_DECISION, "refusal": EVERY + OF_DECISION, "zero": EVERY + OF_DECISION, "papers": EVERY + OF_PAPERS,
    "reclaim": EVERY + OF_RECLAIM,
}
#: Without them a letter would not say what it is for.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "payment": ("赔案号", "金额"), "refusal": ("赔案号", "理由"), "zero": ("赔案号", "理由"), "papers": ("赔案号", "缺少材料"),
    "reclaim": ("赔案号", "待退回金额"),
}
_PLACE = re.compile(r"\{([^{}]*)\}")

TITLES: Mapping[str, str] = {
    "payment": "理赔核定通知书", "refusal": "拒绝赔付通知书", "zero": "理赔核定通知书（零赔付）", "papers": "补充理赔材料通知书",
    "reclaim": "多付赔款退回通知书",
}
TEXTS: Mapping[tuple[str, str], str] = {
    ("payment", "formal"): (
        "{收件人}：\n"
        "被保险人{姓名}就{出险日期}发生的保险事故，在“{项目}”项下提出的索赔申请（赔案号{赔案号}，受理日期{受理日期}）已审核完毕。\n"
        "经核定，属于《{方案}》的保险责任，赔付金额为人民币{金额}元（大写：{大写金额}）。各项责任的核定情况见下表。\n"
        "根据《中华人民共和国保险法》第二十三条，赔款将在达成赔付协议后十日内支付至您指定的账户。\n"
        "如对核定结果有异议，可致电{咨询电话}查询，或向{经办机构}申请复核；也可依法申请仲裁或提起诉讼。"
    ),
    ("payment", "plain"): (
        "{收件人}，您好：\n"
        "{姓名}的理赔申请（赔案号{赔案号}）有结果了：可以赔付{金额}元。\n"
        "钱会在十天内打到您登记的银行账户。这笔钱是这样算出来的："
    ),
    ("refusal", "formal"): (
        "{收件人}：\n"
        "被保险人{姓名}就{出险日期}发生的保险事故，在“{项目}”项下提出的索赔申请（赔案号{赔案号}，受理日期{受理日期}）已审核完毕。\n"
        "经核定，不属于《{方案}》的保险责任，不予赔付。理由：{理由}。\n"
        "根据《中华人民共和国保险法》第二十四条，特此通知。\n"
        "如对核定结果有异议，可致电{咨询电话}查询，或向{经办机构}申请复核；也可依法申请仲裁或提起诉讼。"
    ),
    ("refusal", "plain"): (
        "{收件人}，您好：\n"
        "{姓名}的理赔申请（赔案号{赔案号}）这次不能赔付。\n"
        "原因是：{理由}。\n"
        "如果您觉得情况不是这样，请带上能说明情况的材料到{经办机构}，或拨打{咨询电话}，我们会请另一位同事重新看一遍。"
    ),
    ("zero", "formal"): (
        "{收件人}：\n"
        "被保险人{姓名}就{出险日期}发生的保险事故，在“{项目}”项下提出的索赔申请（赔案号{赔案号}，受理日期{受理日期}）已审核完毕。\n"
        "经按《{方案}》理算，本次申请可赔付金额为零元。原因：{理由}。各项责任的核定情况见下表。\n"
        "如对核定结果有异议，可致电{咨询电话}查询，或向{经办机构}申请复核；也可依法申请仲裁或提起诉讼。"
    ),
    ("zero", "plain"): (
        "{收件人}，您好：\n"
        "{姓名}的理赔申请（赔案号{赔案号}）已经算好了，这次没有可以赔付的钱。\n"
        "原因是：{理由}。\n"
        "这次的费用已经记下，今年以后再看病时会接着计算。算法如下："
    ),
    ("papers", "formal"): (
        "{收件人}：\n"
        "被保险人{姓名}在“{项目}”项下提出的索赔申请（赔案号{赔案号}，受理日期{受理日期}）所附材料不完整。\n"
        "根据《中华人民共和国保险法》第二十二条，现一次性告知需补充的材料：{缺少材料}。{材料说明}\n"
        "收到全部补充材料之前的期间不计入核定期限。请将材料送交{经办机构}，咨询电话{咨询电话}。"
    ),
    ("papers", "plain"): (
        "{收件人}，您好：\n"
        "{姓名}的理赔申请（赔案号{赔案号}）还差几样材料：{缺少材料}。{材料说明}\n"
        "请尽快交到{经办机构}，交齐之后我们马上接着办。有不明白的地方，请拨打{咨询电话}。"
    ),
    ("reclaim", "formal"): (
        "{收件人}：\n"
        "被保险人{姓名}就{出险日期}发生的保险事故，在“{项目}”项下提出的索赔申请（赔案号{赔案号}）已于{核定日期}重新核定。\n"
        "此前已付赔款人民币{已付金额}元，重新核定的赔付金额为人民币{核定金额}元，多付人民币{要求退回金额}元。\n"
        "截至{今日}，已退回或减免人民币{已退回金额}元，尚待退回人民币{待退回金额}元（大写：{大写金额}）。\n"
        "根据《中华人民共和国民法典》第九百八十五条，请退回上述款项。退款方式请与{经办机构}联系，咨询电话{咨询电话}。\n"
        "如对核定结果有异议，可致电{咨询电话}查询，或向{经办机构}申请复核；也可依法申请仲裁或提起诉讼。"
    ),
    ("reclaim", "plain"): (
        "{收件人}，您好：\n"
        "{姓名}的理赔（赔案号{赔案号}）重新算过了：应赔{核定金额}元，之前已经付给您{已付金额}元，多付了{要求退回金额}元。\n"
        "到{今日}为止，还有{待退回金额}元需要退回。\n"
        "怎么退、能不能分几次退，请联系{经办机构}或拨打{咨询电话}。如果您觉得算得不对，也可以请我们另一位同事重新看一遍。"
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One responsibility of the table, as text."""

    name: str
    counted: str
    deducted: str
    amount: str


@dataclass(frozen=True, slots=True)
class LetterText:
    """A letter, ready to be drawn."""

    title: str
    number: str
    paragraphs: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    steps: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()


def places_of(text: str) -> list[str]:
    """What stands in {}, in its order, each once."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def unknown_places(kind: str, text: str) -> list[str]:
    """Places that such a letter does not know; a brace that closes nothing is one, too."""
    found = [place for place in places_of(text) if place not in PLACES[kind]]
    return found + [sign for sign in "{}" if sign in _PLACE.sub("", text)]


def missing_places(kind: str, text: str) -> list[str]:
    """Places without which it says nothing."""
    found = places_of(text)
    return [place for place in NEEDED[kind] if place not in found]


def filled(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Paragraphs with their places filled; one place after the other, so that a value with braces stays as it is."""
    return tuple(_PLACE.sub(lambda place: values[place.group(1)], line.strip()) for line in text.splitlines() if line.strip())


def refused_because(codes: Sequence[tuple[str, str]]) -> str:
    """Reasons in words, each once: (code's word, what was said beside it)."""
    return "；".join(dict.fromkeys(f"{word}（{said}）" if said else word for word, said in codes))

"""The hardship categories of the field, as rows that an administrator can change."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from programs.actions.categories import create_category
from programs.models import Category
from programs.plan_prices import STUDENT

SYSTEM = gettext_noop("system:reference")
#: Code, name, other words: DOMAIN's hardship categories in the order in which they count.
CATEGORIES = (
    ("tekun", "特困人员", ("特困", "五保户", "特困供养人员")),
    ("guer", "孤儿", ()),
    ("shishi_guer", "事实无人抚养儿童", ("事实孤儿",)),
    ("dibao", "低保对象", ("低保户", "低保", "农村低保", "城市低保", "低保对象(城市)", "低保对象(农村)")),
    ("dibian", "低保边缘家庭成员", ("低保边缘", "低边户", "低保边缘户")),
    ("gangxing", "刚性支出困难家庭", ("支出型困难家庭", "刚性支出困难家庭成员")),
    ("zhongcan", "重度残疾人", ("重残", "一级残疾", "二级残疾")),
    ("youfu", "优抚对象", ()),
    ("tuopin", "脱贫人口", ("脱贫户", "建档立卡")),
    ("jiance", "防止返贫监测对象", ("监测户", "脱贫不稳定户", "边缘易致贫户", "突发严重困难户", "监测户(边缘)")),
    ("yinbing", "因病致贫重病患者", ("因病致贫",)),
)
#: Codes of those whom offices find to be in hardship: nobody says it of themselves.
HARDSHIP = frozenset(code for code, _name, _synonyms in CATEGORIES)
#: What plans name that are open to all, such as a city's supplementary insurance or day cover.
EVERYBODY = ("renren", "不限类别", ("不限", "全体参保人"))

#: Of plans that price students otherwise; not among the hardship categories.
STUDENT_WORDS = ("学生", ("在校学生", "大学生", "中小学生", "大中小学生"))


def make_student_category(*, at: datetime) -> Category:
    """The category of whom plan files call students; what an administrator changed stays."""
    known = Category.objects.filter(code=STUDENT).first()
    name, synonyms = STUDENT_WORDS
    return known or create_category(STUDENT, name=name, synonyms=synonyms, position=190, by=SYSTEM, at=at)


def make_categories(*, at: datetime) -> dict[str, Category]:
    """All hardship categories by code; those that are missing are added, what an administrator changed stays."""
    known = set(Category.objects.values_list("code", flat=True))
    for position, (code, name, synonyms) in enumerate(CATEGORIES, 1):
        if code not in known:
            create_category(code, name=name, synonyms=synonyms, position=position, by=SYSTEM, at=at)
    code, name, synonyms = EVERYBODY
    if code not in known:
        create_category(
            code, name=name, synonyms=synonyms, position=200, holds_for_everybody=True, by=SYSTEM, at=at
        )
    return {category.code: category for category in Category.objects.all()}

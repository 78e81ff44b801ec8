"""Columns of files about medical expenses: words for what the engine calls by codes, and a column for each kind of expenses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
from django.utils.functional import Promise

from benefits import wording
from benefits.terms import Expense, PlanTerms
from intake.columns import Column

#: Words of files for what the engine calls by codes; the first of each is the one of the blank template.
SETTINGS = {
    "住院": "inpatient", "门诊": "outpatient", "普通门诊": "outpatient", "门诊慢特病": "special_outpatient",
    "门诊特殊病": "special_outpatient", "门诊慢特": "special_outpatient", "门特": "special_outpatient", "药店": "pharmacy",
    "定点药店": "pharmacy", "购药": "pharmacy",
}
LOCALITIES = {
    "本地": "local", "统筹区内": "local", "市内": "local", "异地已备案": "elsewhere_registered", "异地备案": "elsewhere_registered",
    "异地未备案": "elsewhere", "异地": "elsewhere", "市外": "elsewhere", "境外": "abroad",
}
YES_OR_NO = {"是": True, "否": False, "1": True, "0": False, "有": True, "无": False}
#: How columns of kinds of expenses are called.
KIND = "of:"


def columns_of_kinds(terms: Iterable[PlanTerms], *, told: str | Promise) -> list[Column]:
    """A column for each kind of expenses that these plans count. `told`: what people read of them."""
    kinds: dict[str, list[str]] = {}
    for each in terms:
        own = {kind.code: kind.name.zh for kind in each.kinds}
        for responsibility in each.responsibilities:
            for kind in responsibility.counts if isinstance(responsibility, Expense) else ():
                kinds.setdefault(kind, []).append(own.get(kind) or wording.KINDS.get(kind, (kind,))[0])
    found = []
    for kind, names in kinds.items():
        first, *others = dict.fromkeys(names)
        said = [first, *others]
        synonyms = [f"{name}{more}" for name in said for more in ("费用", "金额")] + others
        found.append(Column(
            f"{KIND}{kind}"[:40], first, tuple(dict.fromkeys(synonyms)), clean="amount", example="0.00", help=told,
        ))
    return found


def json_of(keys_of: Sequence[str], prefix: str) -> pl.Expr:
    """A JSON object of the filled columns, amounts as text; null where none is filled."""
    if not keys_of:
        return pl.lit(None, pl.String)
    filled = [
        pl.when(pl.col(key).is_not_null()).then(
            pl.lit(f'"{key.removeprefix(prefix)}": "') + pl.col(key).cast(pl.String) + pl.lit('"')
        )
        for key in keys_of
    ]
    inner = pl.concat_str(filled, separator=", ", ignore_nulls=True)
    return pl.when(pl.any_horizontal(pl.col(key).is_not_null() for key in keys_of)).then(
        pl.lit("{") + inner + pl.lit("}")
    )

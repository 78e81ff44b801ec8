"""A plan version with what it is filed with: its insurers, what is still missing, and the digest of all that is approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _t

from programs.models import PaperKind, Plan, PlanInsurer
from programs.models.plan import WORKFLOW
from programs.rules.coinsurance import Part
from programs.rules.filing import filing_of, missing_papers, missing_word


def insurers_of(plan: Plan) -> list[PlanInsurer]:
    """Its co-insurers, the lead first; none where the program's insurer bears it alone."""
    return list(plan.insurers.select_related("insurer"))


def parts_of(insurers: list[PlanInsurer]) -> list[Part]:
    """The same as the rules read them."""
    return [Part(each.insurer_id, each.share, each.lead) for each in insurers]


def missing_in_words(plan: Plan) -> list[str]:
    """What the regulator asks of such a plan and is not there yet."""
    asked = filing_of(plan.program.kind)
    word = missing_word(asked, name=plan.name)
    held = set(plan.papers.values_list("kind", flat=True))
    return [
        *([_t("the word “%(word)s” in the product's name") % {"word": word}] if word else []),
        *(str(PaperKind(kind).label) for kind in missing_papers(asked, papers=held)),
    ]


def digest_of(plan: Plan) -> str:
    """SHA-256 (hex) over all that a second person approves: terms, payers, benefits, insurers, expectations, the papers' own."""
    text = json.dumps(list(_said(plan)), ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _said(plan: Plan) -> Iterator[Any]:
    """Each part of a plan, in a fixed order; numbers of rows left out where the content says it."""
    way = {*WORKFLOW, "id", "drafted_by_id", "drafted_at"}
    yield {
        field.attname: getattr(plan, field.attname) for field in plan._meta.concrete_fields if field.attname not in way
    }
    yield list(plan.categories.order_by("priority", "category_id").values_list("priority", "category_id"))
    yield list(plan.regions.order_by("region_prefix").values_list("region_prefix", flat=True))
    yield list(
        plan.schemes.order_by("pk", "shares__position").values_list(
            "name", "category_id", "region_prefix", "shares__position", "shares__payer", "shares__funder_id", "shares__amount"
        )
    )
    yield list(plan.prices.order_by("position").values_list("position", "name", "age_from", "age_until", "category_id", "premium"))
    benefits = getattr(plan, "benefits", None)
    yield "" if benefits is None else benefits.digest
    yield list(plan.insurers.order_by("insurer_id").values_list("insurer_id", "share", "lead"))
    expected = getattr(plan, "expectation", None)
    yield [] if expected is None else [expected.people, expected.premium, expected.claims]
    yield list(plan.papers.order_by("kind", "sha256").values_list("kind", "sha256"))

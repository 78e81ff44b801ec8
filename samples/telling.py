"""How a sample was drawn, in words and as data: what another auditor needs to draw it again. Reads, never writes."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from samples.models import Sample, Stratum, Subject

#: The rule, step by step; `samples.rules` is the same as code.
RULE: tuple[str | Promise, ...] = (
    _("The population: the numbers of all covers in force or ended that are meant, of people whose data is not restricted."),
    _("To check it: put the numbers in ascending order of their characters, a line feed after each; SHA-256 of that text (UTF-8)."),
    _("The rank of a cover: SHA-256 of the text “seed:number” (UTF-8), in hexadecimal, small letters."),
    _("Without strata: the covers with the smallest ranks are drawn, in ascending order."),
    _(
        "With strata: each part gets its share of the sample in proportion to its covers, whole numbers first; what is left goes to"
        " the largest remainders, equal ones in the order of their codes. Within a part the smallest ranks are drawn."
    ),
)
_PAYOUTS = _(
    "The population: the numbers of all payouts that are meant, of people whose data is not restricted; what is said of covers"
    " holds for payouts."
)
_WEIGHTED = _(
    "Weighted by sum: u is the number of the first 13 hexadecimal digits of the rank, plus 0.5, divided by 2 to the power of 52;"
    " in the place of the rank stands minus the natural logarithm of u, divided by the yuan of the payout."
)


def definition_of(sample: Sample) -> list[tuple[str, str]]:
    """Which covers were meant, in the reader's language."""
    place = Region.objects.names_of([sample.region_code]).get(sample.region_code, sample.region_code)
    return [
        (_t("What is drawn"), str(Subject(sample.subject).label) + (_t(", weighted by sum") if sample.is_weighted else "")),
        (_t("Program"), sample.program.name),
        (_t("Period"), sample.period.code if sample.period is not None else _t("all")),
        (
            _t("Begun in the closed month") if sample.subject == Subject.COVERS else _t("Taken over in the closed month"),
            f"{sample.closing.month:%Y-%m}" if sample.closing is not None else _t("any"),
        ),
        (_t("Office"), sample.organization.name), (_t("Region"), place),
        (_t("Category"), sample.category.name if sample.category is not None else _t("all")),
        (_t("Strata"), str(Stratum(sample.stratum).label)), (_t("Covers to draw"), f"{sample.size:,}"),
        (_t("Seed"), sample.seed), (_t("Covers in all"), f"{sample.population:,}"),
        (_t("Checksum of all covers"), sample.population_digest), (_t("Checksum of the sample"), sample.digest),
    ]


def rule_of(sample: Sample) -> list[tuple[str, str]]:
    """The rule, step by step."""
    first = RULE[0] if sample.subject == Subject.COVERS else _PAYOUTS
    steps = [first, *RULE[1:], *([_WEIGHTED] if sample.is_weighted else [])]
    return [(str(number), str(step)) for number, step in enumerate(steps, 1)]


def covers_of(sample: Sample) -> list[tuple[str, str]]:
    """Every cover in the order of the draw, with its stratum and its rank."""
    rows = sample.items.order_by("position").values_list("number", "stratum", "rank")
    return [(number, f"{stratum} {rank}".strip()) for number, stratum, rank in rows]

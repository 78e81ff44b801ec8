"""What the regulator asks of a plan before it is underwritten, by the kind of its program: data, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Filing:
    """`papers`: kinds that a plan is filed with; `name_holds`: the word that its product's name holds."""

    papers: tuple[str, ...] = ()
    name_holds: str = ""


#: Kind of program -> what is asked; of others nothing is. (Notice of the regulator on 城市定制型商业医疗保险.)
FILINGS: Mapping[str, Filing] = {
    "supplementary": Filing(("authorization", "actuarial_opinion", "legal_opinion"), "定制"),
}
NOTHING = Filing()


def filing_of(program_kind: str) -> Filing:
    """What is asked of a kind of program."""
    return FILINGS.get(program_kind, NOTHING)


def missing_word(asked: Filing, *, name: str) -> str:
    """The word that the product's name should hold and does not; "" where nothing is missing."""
    return "" if asked.name_holds in name else asked.name_holds


def missing_papers(asked: Filing, *, papers: Collection[str]) -> list[str]:
    """Kinds of papers that are asked for and not there, in their order."""
    return [kind for kind in asked.papers if kind not in papers]

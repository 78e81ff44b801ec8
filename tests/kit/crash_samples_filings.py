"""Sample runs of actions with files of claims: each in a program of its own."""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from beneficiaries.testing import World
from filings import actions
from filings.models import ClaimFile, LineDecision, PaperArchive
from filings.testing import PDF, Filings, checked, filings_of, line, papers, zipped
from intake.held import Choice
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crashes import Token


def held(world: World, token: Token) -> tuple[Filings, ClaimFile]:
    """A file of two lines about one person, one of them held."""
    own = filings_of(world, code=token.letters.upper(), people=1)
    lines = [
        line(own, 0, f"C{token.digits}", invoice_number=""), line(own, 0, f"D{token.digits}", name="赵六", invoice_number=""),
    ]
    return own, checked(own, [{**each, "invoice_code": ""} for each in lines], name=token.letters)


@sample("filings.decide_lines")
def decide_lines(world: World, token: Token) -> Run:
    own, subject = held(world, token)
    return lambda: actions.decide_lines(
        fresh(subject), choice=Choice(), kind=LineDecision.ACCEPT, reason="已与报送方核实", by=own.clerk, at=timezone.now()
    )


@sample("filings.add_archive")
def add_archive(world: World, token: Token) -> Run:
    own, subject = held(world, token)

    def run() -> object:
        stream = zipped({f"C{token.digits}_发票.pdf": PDF})
        return actions.add_archive(fresh(subject), name=f"{token.letters}.zip", stream=stream, by=own.clerk, at=timezone.now())

    return run


@sample("filings.match_again")
def match_again(world: World, token: Token) -> Run:
    own, subject = held(world, token)
    archive: PaperArchive = papers(own, subject, {f"X{token.digits}_发票.pdf": PDF})
    return partial(actions.match_again, fresh(archive), by=own.clerk, at=timezone.now())

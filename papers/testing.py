"""Covers in force with a wording for their certificates, for tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from papers.actions import approve_printing, ask_printing, write_wording
from papers.models import CertificateWording, Printing

#: A plan that asks for nothing before cover.
OPEN: dict[str, Any] = {"requires_notice": False, "requires_own_payment": False, "requires_insurer_acceptance": False}
CLAIM = "一、出院后30日内拨打咨询电话报案。\n二、带上身份证、发票、清单、出院小结和银行卡。"
PHONE = "0762-3380000"
PURPOSE = "发给村民本人"


def make_covered(count: int = 3) -> World:
    """So many people whose cover is in force, and what their certificates say."""
    world = make_world(**OPEN)
    applied(world, people(count))
    worded(world)
    return world


def worded(world: World) -> CertificateWording:
    """What certificates say."""
    return write_wording(world.program, how_to_claim=CLAIM, phone=PHONE, by=world.reviewer, at=timezone.now())


def asked(world: World, **changes: Any) -> Printing:
    """Of everybody of the county."""
    values: dict[str, Any] = {
        "organization": world.office, "region_code": "441602", "purpose": PURPOSE, "by": world.clerk, "at": timezone.now(),
        **changes,
    }
    return ask_printing(world.period, **values)


def approved(world: World, **changes: Any) -> Printing:
    """By the city's reviewer; its job waits."""
    printing = asked(world, **changes)
    approve_printing(printing, by=world.reviewer, at=timezone.now())
    printing.refresh_from_db()
    return printing


def no_outlines(_face: Any, _signs: Any) -> bytes:
    """In the place of the font's part, where a test does not look at it."""
    return b"CFF"


def covers(world: World) -> list[Enrollment]:
    """In the order of their numbers."""
    return list(Enrollment.objects.filter(program=world.program).order_by("pk"))

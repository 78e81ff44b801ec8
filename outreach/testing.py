"""People to be told, for tests: some wait for their payment, with and without a telephone."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from jobs.testing import drain
from outreach.actions import REPORTS, approve_message, draft_message, propose_sending, release_sending, upload_report
from outreach.models import DeliveryReport, MessageWording, NameForm, Sending, Topic

#: A plan under which people wait for their own payment and nothing else.
PAYING: dict[str, Any] = {"requires_notice": False, "requires_own_payment": True, "requires_insurer_acceptance": False}
TEXT = "{姓名}您好，{项目}应缴{应缴金额}，请于{缴费截止日}前缴纳。咨询{咨询电话}"
HOTLINE = "0762-3380000"
SHARED, OWN = "13800138000", "13900139000"


def worded(world: World, *, topic: Topic = Topic.TO_PAY, text: str = TEXT, name_form: NameForm = NameForm.MASKED) -> MessageWording:
    """Drafted by a clerk of the city and approved."""
    drafted = draft_message(
        world.program, topic=topic, signature="源城民政", text=text, name_form=name_form, hotline=HOTLINE, by=drafter(world),
        at=timezone.now(),
    )
    return approve_message(drafted, by=world.reviewer, at=timezone.now())


def drafter(world: World) -> Any:
    """A clerk of the office that operates the program."""
    name = f"{world.program.code.lower()}-city-clerk"
    return User.objects.filter(username=name).first() or make_user(name, organization=world.city, role="clerk")


def proposed(world: World, **changes: Any) -> Sending:
    """To everybody of the county who is to pay."""
    values: dict[str, Any] = {
        "organization": world.office, "region_code": "441602", "topic": Topic.TO_PAY, "by": world.clerk, "at": timezone.now(),
        **changes,
    }
    return propose_sending(world.period, **values)


def released(world: World, **changes: Any) -> Sending:
    """By the city's reviewer; its job waits."""
    sending = proposed(world, **changes)
    return release_sending(sending, shown=sending.people, by=world.reviewer, at=timezone.now())


def ready(world: World, **changes: Any) -> Sending:
    """Written."""
    sending = released(world, **changes)
    drain()
    sending.refresh_from_db()
    return sending


def make_paying() -> World:
    """Six people: three share a telephone, one has another, two have none."""
    world = make_world(**PAYING)
    rows = [
        *people(3, phone=SHARED), *people(1, first=10, phone=OWN), *people(2, first=20, phone=""),
    ]
    applied(world, rows)
    worded(world)
    return world


def report_file(rows: Iterable[tuple[str, str, str]]) -> io.BytesIO:
    """(reference, result, reason) as a gateway writes them."""
    return io.BytesIO("\r\n".join(["短信编号,状态,失败原因", *(",".join(row) for row in rows), ""]).encode("gb18030"))


def reported(
    world: World, sending: Sending, rows: Sequence[tuple[str, str, str]], *, name: str = "回执.csv", lines: int | None = None
) -> DeliveryReport:
    """Uploaded by the clerk and checked."""
    report = upload_report(
        [(name, report_file(rows))], sending=sending, control_lines=len(rows) if lines is None else lines, by=world.clerk,
        at=timezone.now(),
    )
    drain()
    return DeliveryReport.objects.get(pk=report.pk)


def kept(world: World, report: DeliveryReport) -> DeliveryReport:
    """Submitted by the clerk, approved by the reviewer, its results kept."""
    report = REPORTS.submit(report, by=world.clerk, at=timezone.now())
    REPORTS.approve(report, digest=report.digest, by=world.reviewer, at=timezone.now())
    drain()
    return DeliveryReport.objects.get(pk=report.pk)


def covers(world: World) -> list[Enrollment]:
    """The three that share a telephone, the one with another, the two without; each in the order of their numbers."""
    rows = list(Enrollment.objects.filter(program=world.program).select_related("person", "beneficiary").order_by("pk"))
    place = {SHARED: 0, OWN: 1}
    return sorted(rows, key=lambda row: place.get(row.beneficiary.phone.reveal(), 2) if row.beneficiary.phone else 2)


def line_numbers(world: World) -> list[int]:
    """The numbers of these covers on a list of all."""
    order = sorted(row.pk for row in covers(world))
    return [order.index(row.pk) + 1 for row in covers(world)]

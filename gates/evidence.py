"""What proves a cover's gates, for an auditor: the notice and the own payment, with who decided and checksums."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audit.versions import value_in_words
from beneficiaries.evidence import Evidence, postings_of, who
from beneficiaries.holdings import Line
from beneficiaries.models import Enrollment
from gates.models import Arrival, Clearing, ClearingLine, NoticeLine, Outcome, lines_of


def _notices(cover: Enrollment) -> Iterator[Line]:
    lines = NoticeLine.objects.filter(enrollment=cover).select_related("notice__made_by", "notice__posted_by").order_by("pk")
    for line in lines:
        notice = line.notice
        yield [
            (_t("Notice"), f"#{notice.pk} · {notice.get_state_display()}"), (_t("Number on the list"), str(line.number)),
            (_t("Days"), f"{notice.starts_on:%Y-%m-%d} – {notice.ends_on:%Y-%m-%d}"),
            (_t("Made"), who(notice.made_by, notice.made_at)), (_t("Posted"), who(notice.posted_by, notice.posted_at)),
            (_t("Checksum of the list"), notice.digest),
        ]


def _payments(cover: Enrollment) -> Iterator[Line]:
    lines = lines_of([cover.pk]).select_related("payment__made_by", "reversed_by__decided_by").order_by("pk")
    for line in lines:
        payment = line.payment
        yield [
            (_t("Own payment"), f"#{payment.pk}"), (_t("Reference of the payment"), payment.reference),
            (_t("Paid on"), value_in_words(payment.paid_on)), (_t("Amount (yuan)"), value_in_words(line.amount)),
            (_t("Recorded"), who(payment.made_by, payment.made_at)),
        ]
        if line.reversed_by is not None:
            yield [
                (_t("Payment reversed"), f"#{line.reversed_by_id}"), (_t("reason"), line.reversed_by.reason),
                (_t("Approved"), who(line.reversed_by.decided_by, line.reversed_by.decided_at)),
            ]
        yield from postings_of("gates.ownpayment", payment.pk)


def _arrivals(cover: Enrollment) -> Iterator[Line]:
    came = Arrival.objects.filter(purchase=cover.purchase_id or 0).select_related(
        "statement", "row", "reversed_by__decided_by"
    ).order_by("pk")
    for arrival in came:
        yield [
            (_t("Collection statement"), f"#{arrival.statement_id} {arrival.statement.reference}"),
            (_t("Channel"), arrival.statement.get_channel_display()), (_t("Line"), str(arrival.row.line)),
            (_t("Serial number"), arrival.row.serial or ""), (_t("Amount (yuan)"), value_in_words(arrival.amount)),
        ]
        if arrival.reversed_by is not None:
            yield _decided(_t("Counted by mistake, and reversed"), arrival.reversed_by)
    lines = ClearingLine.objects.filter(purchase=cover.purchase_id or 0, outcome=Outcome.DONE)
    for line in lines.select_related("clearing__decided_by"):
        yield _decided(_t("Payment given up as never having come"), line.clearing)


def _decided(title: str, clearing: Clearing) -> Line:
    return [
        (title, f"#{clearing.pk}"), (_t("reason"), clearing.reason),
        (_t("Approved"), who(clearing.decided_by, clearing.decided_at)),
    ]


EVIDENCE = (
    Evidence(_("Public notice"), _notices), Evidence(_("Own payment"), _payments),
    Evidence(_("Payment arrived"), _arrivals),
)

"""What proves that funders were asked for a cover, for an auditor."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audit.versions import value_in_words
from beneficiaries.evidence import Evidence, postings_of, who
from beneficiaries.holdings import Line
from beneficiaries.models import Enrollment
from beneficiaries.own_payers import with_sponsor
from subsidies.models import DifferenceLine, FundRequestLine
from subsidies.reach import payer_in_words


def _requests(cover: Enrollment) -> Iterator[Line]:
    lines = FundRequestLine.objects.filter(enrollment=cover).select_related("funder", "request__made_by", "request__approved_by")
    for line in lines.order_by("pk"):
        request = line.request
        yield [
            (_t("Request for funds"), f"#{request.pk} · {request.get_state_display()}"), (_t("Funder"), line.funder.name),
            (_t("Amount (yuan)"), value_in_words(line.amount)), (_t("Made"), who(request.made_by, request.made_at)),
            (_t("Approved"), who(request.approved_by, request.approved_at)), (_t("Checksum of the list"), request.digest),
        ]


def _differences(cover: Enrollment) -> Iterator[Line]:
    lines = with_sponsor(DifferenceLine.objects.filter(enrollment=cover), "enrollment__").select_related(
        "funder", "differences__made_by", "differences__decided_by", "enrollment__roster__employer"
    )
    for line in lines.order_by("pk"):
        found = line.differences
        yield [
            (_t("Differences"), f"#{found.pk} · {found.get_state_display()}"),
            (_t("Payer"), payer_in_words(line)),
            (_t("Amount (yuan)"), value_in_words(line.amount)), (_t("Made"), who(found.made_by, found.made_at)),
            (_t("Decided"), who(found.decided_by, found.decided_at)), (_t("Checksum of the list"), found.digest),
        ]
        yield from postings_of("subsidies.differences", found.pk)


EVIDENCE = (Evidence(_("Requests for funds"), _requests), Evidence(_("What was given back"), _differences))

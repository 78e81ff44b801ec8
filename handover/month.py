"""What this room counts of a month, and what of it may still be open."""

from __future__ import annotations

from django.db.models import F
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from handover.models import HandOver, HandOverState, Receipt
from intake.models import UNDER_WAY
from programs.months import Counting, Measure, Month, OpenPoint

LINES = Counting(
    (
        Measure(
            "handover.entries", _("Handed over: who comes"),
            _("Covers told to the insurer by hand-overs that were released in the month."),
        ),
        Measure(
            "handover.premium", _("Handed over: premium"), _("Premium of the covers told to the insurer in the month."),
            is_money=True,
        ),
        Measure(
            "handover.leaves", _("Handed over: who goes"), _("Covers whose end was told to the insurer in the month."),
        ),
        Measure(
            "handover.accepted", _("Accepted by the insurer"), _("Lines of hand-overs that the insurer accepted in the month."),
        ),
        Measure(
            "handover.refused", _("Refused by the insurer"), _("Lines of hand-overs that the insurer refused in the month."),
        ),
    ),
    """
    WITH lines AS (
        SELECT left(l.region_code, 6) AS county, e.category_id,
            CASE WHEN h.released_at < %(begin)s THEN 0 ELSE 1 END AS told,
            CASE WHEN l.answer = '' OR l.answered_at >= %(end)s THEN NULL
                WHEN l.answered_at < %(begin)s THEN 0 ELSE 1 END AS answered,
            l.direction, l.answer, count(*) AS people, sum(l.premium) AS premium
        FROM handover_handover h JOIN handover_handoverline l ON l.hand_over_id = h.id
        JOIN (SELECT id, category_id FROM beneficiaries_enrollment) e ON e.id = l.enrollment_id
        WHERE h.program_id = %(program)s AND h.state IN ('released', 'answered') AND h.released_at < %(end)s
        GROUP BY 1, 2, 3, 4, 5, 6
    ), counted AS (
        SELECT county, category_id, told AS within, people AS number,
            CASE direction WHEN 'entry' THEN 'handover.entries' ELSE 'handover.leaves' END AS measure FROM lines
        UNION ALL
        SELECT county, category_id, told, premium, 'handover.premium' FROM lines WHERE direction = 'entry'
        UNION ALL
        SELECT county, category_id, answered, people, 'handover.' || answer FROM lines WHERE answered IS NOT NULL
    )
    SELECT measure, county, category_id, NULL::bigint,
        sum(number) FILTER (WHERE within = 0), sum(number) FILTER (WHERE within = 1)
    FROM counted GROUP BY 1, 2, 3
    """,
)


def _list(name: str, month: Month) -> str:
    return f"{reverse(f'admin:handover_{name}_changelist')}?{urlencode({'program__id__exact': month.program_id})}"


def _unanswered(month: Month) -> int:
    told = HandOver.objects.filter(program_id=month.program_id, state=HandOverState.RELEASED, released_at__lt=month.ends_at)
    return told.filter(people__gt=F("accepted") + F("refused")).count()


def _receipts(month: Month) -> int:
    return Receipt.objects.filter(program_id=month.program_id, state__in=UNDER_WAY, uploaded_at__lt=month.ends_at).count()


OPEN_POINTS = (
    OpenPoint(
        "handover.unanswered", _("%(number)d hand-overs released by the end of the month are not answered whole."), _unanswered,
        lambda month: _list("handover", month),
    ),
    OpenPoint(
        "handover.receipts", _("%(number)d receipts of the insurer wait to be checked or approved."), _receipts,
        lambda month: _list("receipt", month),
    ),
)

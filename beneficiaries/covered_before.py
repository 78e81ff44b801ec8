"""Whether a row of a renewal still has the cover before it, as SQL of the statement that applies a chunk; and what it needs."""

from __future__ import annotations

from beneficiaries.models import Roster
from programs.models import PlanCategory

#: Of an approved transfer of a person to or from an office: the last one says who has them.
TAKEN_OVER = """coalesce((
    SELECT change.to_organization_id <> %(organization)s FROM beneficiaries_personchange change
    WHERE change.person_id = {person} AND change.program_id = %(program)s AND change.kind = 'transfer'
        AND change.state = 'approved' AND %(organization)s IN (change.organization_id, change.to_organization_id)
    ORDER BY change.decided_at DESC, change.id DESC LIMIT 1
), false)"""
# Of a staged row `r`, its person `known` and its `beneficiary`. A file names a person, who needs some earlier cover; a row
# made from a cover needs that very one, and the place, category and age by which it was judged. Of another program's cover these
# are what is known there, as far as nothing is known here.
RENEWABLE = f"""CASE WHEN r.before_id IS NULL THEN EXISTS (
    SELECT FROM beneficiaries_enrollment before WHERE before.person_id = known.id
    AND before.program_id = %(program)s AND before.organization_id = %(organization)s
    AND before.period_id <> %(period)s AND before.state = 'in_force' AND before.starts_at < %(starts_at)s
) WHEN %(from_another)s THEN EXISTS (
    SELECT FROM beneficiaries_enrollment before JOIN beneficiaries_person person ON person.id = before.person_id
    JOIN beneficiaries_beneficiary there ON there.id = before.beneficiary_id
    WHERE before.id = r.before_id AND before.person_id = known.id AND before.state = 'in_force'
        AND person.birth_on IS NOT DISTINCT FROM r.birth_on AND there.restricted_at IS NULL
        AND r.region_code = coalesce(beneficiary.region_code, there.region_code)
        AND (r.category_id = ANY(%(for_everybody)s::bigint[]) OR EXISTS (
            SELECT FROM beneficiaries_beneficiarycategory held WHERE held.beneficiary_id IN (there.id, beneficiary.id)
                AND held.category_id = r.category_id AND (held.valid_to IS NULL OR held.valid_to > %(cover_from)s)))
) AND NOT {TAKEN_OVER.format(person="known.id")} ELSE r.region_code = beneficiary.region_code AND EXISTS (
    SELECT FROM beneficiaries_enrollment before JOIN beneficiaries_person person ON person.id = before.person_id
    WHERE before.id = r.before_id AND before.person_id = known.id AND before.state = 'in_force'
        AND person.birth_on IS NOT DISTINCT FROM r.birth_on
) AND (r.category_id = ANY(%(for_everybody)s::bigint[]) OR EXISTS (
    SELECT FROM beneficiaries_beneficiarycategory held WHERE held.beneficiary_id = beneficiary.id
        AND held.category_id = r.category_id AND (held.valid_to IS NULL OR held.valid_to > %(cover_from)s)
)) AND NOT {TAKEN_OVER.format(person="known.id")} END"""  # noqa: S608 - constants of this module


def for_everybody(roster: Roster) -> list[int]:
    """Categories of the plan that nobody has to prove: everybody who is looked at has them."""
    held = PlanCategory.objects.filter(plan=roster.plan_id, category__holds_for_everybody=True, category__active=True)
    return list(held.order_by("category").values_list("category", flat=True))

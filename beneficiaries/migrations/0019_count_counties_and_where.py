"""Counts of the enrollments that are there, anew: by county, category and division, and with the numbers they lie between."""

from django.db import migrations

_COUNT = """
DELETE FROM beneficiaries_standing;
INSERT INTO beneficiaries_standing
    (program_id, period_id, organization_id, roster_id, region_code, state, noticed, paid, accepted, people, own_share, first_id,
    last_id)
SELECT program_id, period_id, organization_id, roster_id, region_code, state, notice_passed_at IS NOT NULL,
    own_paid_at IS NOT NULL OR own_share = 0, accepted_at IS NOT NULL, count(*), sum(own_share), min(id), max(id)
FROM beneficiaries_enrollment WHERE period_kind = 'annual' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 3, 4, 5;
INSERT INTO beneficiaries_countystanding
    (program_id, period_id, organization_id, county, category_id, split_id, month, state, noticed, paid, accepted, people)
SELECT program_id, period_id, organization_id, left(region_code, 6), category_id, split_id,
    date_trunc('month', created_at AT TIME ZONE 'Asia/Shanghai')::date, state, notice_passed_at IS NOT NULL,
    own_paid_at IS NOT NULL OR own_share = 0, accepted_at IS NOT NULL, count(*)
FROM beneficiaries_enrollment WHERE period_kind = 'annual' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ORDER BY 1, 2, 3, 4, 5
"""


class Migration(migrations.Migration):

    dependencies = [("beneficiaries", "0018_counts_tell_county_category_and_where")]

    operations = [migrations.RunSQL(_COUNT, migrations.RunSQL.noop)]

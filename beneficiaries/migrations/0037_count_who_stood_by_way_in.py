"""Who is enrolled already counted by day anew: covers given back never stood, and the ways in of rosters are told apart."""

from django.db import migrations

# The way in is looked up once a roster, not once an enrollment.
_COUNT = """
DELETE FROM beneficiaries_daystanding;
INSERT INTO beneficiaries_daystanding (program_id, period_id, organization_id, county, day, age_band, channel, people)
SELECT e.program_id, e.period_id, e.organization_id, e.county, e.day, e.age_band, coalesce(e.channel,
    CASE WHEN r.purpose = 'renew' THEN 'renewal' WHEN r.employer_id IS NOT NULL THEN 'employer'
        WHEN r.renewed_period_id IS NOT NULL THEN 'known' ELSE 'list' END), sum(e.people)
FROM (
    SELECT c.program_id, c.period_id, c.organization_id, left(c.region_code, 6) AS county,
        (c.created_at AT TIME ZONE 'Asia/Shanghai')::date AS day, c.age_band, b.channel, c.roster_id, count(*) AS people
    FROM beneficiaries_enrollment c LEFT JOIN beneficiaries_purchase b ON b.id = c.purchase_id
    WHERE c.period_kind = 'annual' AND c.state NOT IN ('lapsed', 'voided') AND c.ends_at > c.starts_at
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) e LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5
"""


class Migration(migrations.Migration):

    dependencies = [("beneficiaries", "0036_ways_in_and_covers_given_back")]

    operations = [migrations.RunSQL(_COUNT, migrations.RunSQL.noop)]

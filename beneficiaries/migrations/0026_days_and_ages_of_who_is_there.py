"""Who is enrolled already: their age bands on their periods' first days, and who stands enrolled counted by day."""

from django.db import migrations

# No fact changes: neither history nor counts are told of it, and ten million rows are not looked at one by one.
_BANDS = """
ALTER TABLE beneficiaries_enrollment DISABLE TRIGGER USER;
UPDATE beneficiaries_enrollment e SET age_band = (ARRAY[80, 70, 60, 50, 40, 30, 18, 6, 0])[width_bucket(p.birth_on, d.births) + 1]
FROM beneficiaries_person p, (
    SELECT id, ARRAY[
        (starts_on - interval '80 years')::date + 1, (starts_on - interval '70 years')::date + 1,
        (starts_on - interval '60 years')::date + 1, (starts_on - interval '50 years')::date + 1,
        (starts_on - interval '40 years')::date + 1, (starts_on - interval '30 years')::date + 1,
        (starts_on - interval '18 years')::date + 1, (starts_on - interval '6 years')::date + 1
    ] AS births FROM programs_period
) d
WHERE p.id = e.person_id AND d.id = e.period_id AND e.period_kind = 'annual' AND p.birth_on IS NOT NULL;
ALTER TABLE beneficiaries_enrollment ENABLE TRIGGER USER;
"""
_COUNT = """
DELETE FROM beneficiaries_daystanding;
INSERT INTO beneficiaries_daystanding (program_id, period_id, organization_id, county, day, age_band, channel, people)
SELECT e.program_id, e.period_id, e.organization_id, left(e.region_code, 6), (e.created_at AT TIME ZONE 'Asia/Shanghai')::date,
    e.age_band, coalesce(b.channel, CASE r.purpose WHEN 'renew' THEN 'renewal' ELSE 'list' END), count(*)
FROM beneficiaries_enrollment e LEFT JOIN beneficiaries_purchase b ON b.id = e.purchase_id
LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
WHERE e.period_kind = 'annual' AND e.state NOT IN ('lapsed', 'voided') GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5
"""


class Migration(migrations.Migration):

    dependencies = [("beneficiaries", "0025_who_stands_enrolled_is_counted_by_day")]

    operations = [migrations.RunSQL(_BANDS, migrations.RunSQL.noop), migrations.RunSQL(_COUNT, migrations.RunSQL.noop)]

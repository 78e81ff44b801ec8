"""Of purchases that are there: categories that were said with them are kept for their period, and those with a payment are counted."""

from django.db import migrations

_SAID = """
INSERT INTO beneficiaries_beneficiarycategory (beneficiary_id, category_id, valid_from, valid_to, purchase_id)
SELECT DISTINCT ON (e.beneficiary_id, e.category_id) e.beneficiary_id, e.category_id, begun.day, greatest(t.ends_on, begun.day),
    e.purchase_id
FROM beneficiaries_enrollment e
JOIN programs_category c ON c.id = e.category_id AND NOT c.holds_for_everybody
JOIN programs_period t ON t.id = e.period_id
CROSS JOIN LATERAL (SELECT (e.starts_at AT TIME ZONE 'Asia/Shanghai')::date AS day) AS begun
WHERE e.purchase_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM beneficiaries_beneficiarycategory held
    WHERE held.beneficiary_id = e.beneficiary_id AND held.category_id = e.category_id)
ORDER BY e.beneficiary_id, e.category_id, e.id DESC
"""
_COUNTED = """
INSERT INTO beneficiaries_purchasestanding (program_id, period_id, organization_id, region_code, stage, purchases, amount)
SELECT program_id, period_id, organization_id, region_code, 'taken', count(*), sum(own_share) FROM beneficiaries_purchase
WHERE payment_reference <> '' AND own_share > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


class Migration(migrations.Migration):

    dependencies = [("beneficiaries", "0031_said_categories_health_lines_purchases_counted")]

    operations = [migrations.RunSQL(_SAID, migrations.RunSQL.noop), migrations.RunSQL(_COUNTED, migrations.RunSQL.noop)]

"""Payments of purchases that arrived before such counts were kept."""

from django.db import migrations

_COUNTED = """
INSERT INTO beneficiaries_purchasestanding (program_id, period_id, organization_id, region_code, stage, purchases, amount)
SELECT p.program_id, p.period_id, p.organization_id, p.region_code, 'arrived', count(*), sum(p.own_share)
FROM gates_arrival a JOIN beneficiaries_purchase p ON p.id = a.purchase_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


class Migration(migrations.Migration):

    dependencies = [
        ("beneficiaries", "0032_what_was_said_and_bought_before"), ("gates", "0011_payments_that_never_came"),
    ]

    operations = [migrations.RunSQL(_COUNTED, migrations.RunSQL.noop)]

import django.contrib.postgres.indexes
from django.db import migrations, models

import claims.rules.states
from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0006_payables_are_found_by_account'),
    ]

    operations = [Together([
        migrations.RemoveIndex(
            model_name='claim',
            name='claim_by_region',
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(condition=models.Q(('standing', 'doubled')), fields=['case'], name='bill_doubled'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state__in', (claims.rules.states.State['REPORTED'], claims.rules.states.State['ACCEPTED'], claims.rules.states.State['REGISTERED'], claims.rules.states.State['WAITING'], claims.rules.states.State['REVIEW'], claims.rules.states.State['INVESTIGATION'], claims.rules.states.State['ASSESSED']))), fields=['due_on', 'id'], name='claim_open_nearest'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['organization', 'id'], name='claim_by_office'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['period', 'id'], name='claim_by_period'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['region_code', 'organization'], name='claim_by_place'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state__in', [claims.rules.states.State['PAID'], claims.rules.states.State['CLOSED']]), _negated=True), fields=['state', 'id', 'organization'], name='claim_by_state'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['reported_at'], name='claim_by_report'),
        ),
        migrations.AddIndex(
            model_name='payable',
            index=models.Index(fields=['organization', 'id'], name='payable_by_office'),
        ),
        migrations.AddIndex(
            model_name='payable',
            index=models.Index(condition=models.Q(('state', 'paid'), _negated=True), fields=['state', 'id', 'organization'], name='payable_by_state'),
        ),
        migrations.AddIndex(
            model_name='payable',
            index=models.Index(condition=models.Q(('kind', 'reclaim')), fields=['id'], name='payable_reclaimed'),
        ),
        migrations.AddIndex(
            model_name='payable',
            index=models.Index(condition=models.Q(('kind', 'payout'), ('state', 'failed')), fields=['claim'], name='payable_failed'),
        ),
        migrations.AddIndex(
            model_name='payable',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['made_at'], name='payable_by_moment'),
        ),
    ])]

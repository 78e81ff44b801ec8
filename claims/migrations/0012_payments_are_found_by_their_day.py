import claims.rules.states
from django.db import migrations, models

from audit.indexing import IndexesLeaveRoom


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0011_signing_thresholds_have_a_history'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state', claims.rules.states.State['PAYABLE'])), fields=['due_on', 'id'], name='claim_pay_nearest'),
        ),
        IndexesLeaveRoom(["claims_claim"]),
    ]

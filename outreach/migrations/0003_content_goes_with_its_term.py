import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0002_what_became_of_messages'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='deliveryreportrowevent',
            name='append_only',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='deliveryreportrowevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='22662f61f8a0fd15dfc3f988be8230649348ced5', operation='UPDATE', pgid='pgtrigger_append_only_065da', table='outreach_deliveryreportrowevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='deliveryreportrowevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT (kept.raw IS NULL) AND true AS destroyed\n                    FROM outreach_deliveryreportrow kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='4fa4b39670b46de846e9fc8dc85bd234f35835b3', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_2c6c3', referencing='REFERENCING OLD TABLE AS old_rows ', table='outreach_deliveryreportrowevent', when='AFTER')),
        ),
    ]

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations
from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('handover', '0002_invoices_and_remittances'),
    ]

    operations = [Together([
        pgtrigger.migrations.RemoveTrigger(
            model_name='invoicerowevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='receiptrowevent',
            name='append_only',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicerowevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='9ad7a78e7062d04f081aee938e61edfdd42bedd7', operation='UPDATE', pgid='pgtrigger_append_only_8b818', table='handover_invoicerowevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='invoicerowevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT (kept.raw IS NULL) AND true AS destroyed\n                    FROM handover_invoicerow kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='4372dbadae6ecd480971cd66b71f346113288838', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_cc5ce', referencing='REFERENCING OLD TABLE AS old_rows ', table='handover_invoicerowevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='receiptrowevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='464ea39cb6cd0592c2a0198a6e68b4337ec11eb5', operation='UPDATE', pgid='pgtrigger_append_only_1a171', table='handover_receiptrowevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='receiptrowevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT (kept.raw IS NULL) AND true AS destroyed\n                    FROM handover_receiptrow kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='a6981c3d1b12ef6696387788376514fe2e250e61', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_a17dd', referencing='REFERENCING OLD TABLE AS old_rows ', table='handover_receiptrowevent', when='AFTER')),
        ),
    ])]

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('gates', '0003_withdrawn_lines_are_found'),
    ]

    operations = [Together([
        pgtrigger.migrations.RemoveTrigger(
            model_name='objectionevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='statementrowevent',
            name='append_only',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='objectionevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='2eb8b4c1ae859d053978cdb6f41425d07d7f4cfa', operation='UPDATE', pgid='pgtrigger_append_only_5db94', table='gates_objectionevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='objectionevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.text IS NULL OR kept.text = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND EXISTS (\n        SELECT FROM beneficiaries_enrollment e JOIN beneficiaries_person owner ON owner.id = e.person_id\n        WHERE e.id = kept.enrollment_id AND owner.destroyed_at IS NOT NULL) AS destroyed\n                    FROM gates_objection kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='cf4e6b4e516896a2b5f3993a40459cc85fa4f3ed', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_df977', referencing='REFERENCING OLD TABLE AS old_rows ', table='gates_objectionevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementrowevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b77c1c9e90294519c9381ddedf39cd0088de2571', operation='UPDATE', pgid='pgtrigger_append_only_45a82', table='gates_statementrowevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementrowevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.name IS NULL OR kept.name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.document IS NULL OR kept.document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND kept.raw IS NULL) AND true AS destroyed\n                    FROM gates_statementrow kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='3baa096201c15ba0e1937722a166e41df5186134', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_ac304', referencing='REFERENCING OLD TABLE AS old_rows ', table='gates_statementrowevent', when='AFTER')),
        ),
    ])]

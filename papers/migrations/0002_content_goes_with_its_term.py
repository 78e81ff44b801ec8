import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0001_certificates_and_requests'),
    ]

    operations = [Together([
        pgtrigger.migrations.RemoveTrigger(
            model_name='personrequest',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='personrequest',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='personrequest',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='personrequestevent',
            name='append_only',
        ),
        migrations.AddField(
            model_name='personrequest',
            name='completed_at',
            field=models.DateTimeField(null=True, verbose_name='data destroyed at'),
        ),
        migrations.AddField(
            model_name='personrequestevent',
            name='completed_at',
            field=models.DateTimeField(null=True, verbose_name='data destroyed at'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personrequest',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "papers_personrequestevent" ("answer", "asker", "asker_name", "beneficiary_id", "completed_at", "decided_at", "decided_by_id", "due_on", "id", "identity_check", "kept_until", "kind", "organization_id", "person_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "purge_on", "purged_at", "received_on", "recorded_at", "recorded_by_id", "region_code", "sha256", "size", "state", "storage_key", "text") SELECT new_values."answer", new_values."asker", new_values."asker_name", new_values."beneficiary_id", new_values."completed_at", new_values."decided_at", new_values."decided_by_id", new_values."due_on", new_values."id", new_values."identity_check", new_values."kept_until", new_values."kind", new_values."organization_id", new_values."person_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id", new_values."purge_on", new_values."purged_at", new_values."received_on", new_values."recorded_at", new_values."recorded_by_id", new_values."region_code", new_values."sha256", new_values."size", new_values."state", new_values."storage_key", new_values."text" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='472d2d19e50e9c9dbabf0595ebb45333fce735bd', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c1fb7', referencing='REFERENCING NEW TABLE AS new_values ', table='papers_personrequest', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personrequest',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "papers_personrequestevent" ("answer", "asker", "asker_name", "beneficiary_id", "completed_at", "decided_at", "decided_by_id", "due_on", "id", "identity_check", "kept_until", "kind", "organization_id", "person_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "purge_on", "purged_at", "received_on", "recorded_at", "recorded_by_id", "region_code", "sha256", "size", "state", "storage_key", "text") SELECT new_values."answer", new_values."asker", new_values."asker_name", new_values."beneficiary_id", new_values."completed_at", new_values."decided_at", new_values."decided_by_id", new_values."due_on", new_values."id", new_values."identity_check", new_values."kept_until", new_values."kind", new_values."organization_id", new_values."person_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id", new_values."purge_on", new_values."purged_at", new_values."received_on", new_values."recorded_at", new_values."recorded_by_id", new_values."region_code", new_values."sha256", new_values."size", new_values."state", new_values."storage_key", new_values."text" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c9033458801c4f6fd4d7a00d4a81c45205c813f4', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_04709', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='papers_personrequest', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personrequest',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "papers_personrequestevent" ("answer", "asker", "asker_name", "beneficiary_id", "completed_at", "decided_at", "decided_by_id", "due_on", "id", "identity_check", "kept_until", "kind", "organization_id", "person_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "purge_on", "purged_at", "received_on", "recorded_at", "recorded_by_id", "region_code", "sha256", "size", "state", "storage_key", "text") SELECT old_values."answer", old_values."asker", old_values."asker_name", old_values."beneficiary_id", old_values."completed_at", old_values."decided_at", old_values."decided_by_id", old_values."due_on", old_values."id", old_values."identity_check", old_values."kept_until", old_values."kind", old_values."organization_id", old_values."person_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id", old_values."purge_on", old_values."purged_at", old_values."received_on", old_values."recorded_at", old_values."recorded_by_id", old_values."region_code", old_values."sha256", old_values."size", old_values."state", old_values."storage_key", old_values."text" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3fb41c0f87505b48f153f68e039e4dc11848c803', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_b0624', referencing='REFERENCING OLD TABLE AS old_values ', table='papers_personrequest', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personrequestevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='11730c21bc228c07c2a1c5765d4f722164606162', operation='UPDATE', pgid='pgtrigger_append_only_606d5', table='papers_personrequestevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personrequestevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.asker_name IS NULL OR kept.asker_name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.text IS NULL OR kept.text = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND EXISTS (SELECT FROM beneficiaries_person owner WHERE owner.id = kept.person_id AND owner.destroyed_at IS NOT NULL) AS destroyed\n                    FROM papers_personrequest kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='f36b801ce21337ba68bba9d4ae68d1285073560d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_a70ca', referencing='REFERENCING OLD TABLE AS old_rows ', table='papers_personrequestevent', when='AFTER')),
        ),
    ])]

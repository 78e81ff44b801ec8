import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('beneficiaries', '0020_history_of_enrollments_is_found_by_row'),
    ]

    operations = [Together([
        pgtrigger.migrations.RemoveTrigger(
            model_name='beneficiaryevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='person',
            name='before_update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='person',
            name='before_delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='personchangeevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='persondocumentevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='personevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='representativeevent',
            name='append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='rosterrowevent',
            name='append_only',
        ),
        migrations.AddField(
            model_name='person',
            name='destroyed_at',
            field=models.DateTimeField(null=True, verbose_name='destroyed at'),
        ),
        migrations.AddField(
            model_name='personevent',
            name='destroyed_at',
            field=models.DateTimeField(null=True, verbose_name='destroyed at'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='beneficiaryevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='7b0539f3f4cf2fb7c42aea354f72af5d0fa5125b', operation='UPDATE', pgid='pgtrigger_append_only_14aa7', table='beneficiaries_beneficiaryevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='beneficiaryevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.phone IS NULL OR kept.phone = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.address IS NULL OR kept.address = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.bank_account IS NULL OR kept.bank_account = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.guardian_name IS NULL OR kept.guardian_name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.guardian_document IS NULL OR kept.guardian_document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND EXISTS (SELECT FROM beneficiaries_person owner WHERE owner.id = kept.person_id AND owner.destroyed_at IS NOT NULL) AS destroyed\n                    FROM beneficiaries_beneficiary kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='1f300e65e42beb3af6e17ba771c480b52912af14', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_51d4b', referencing='REFERENCING OLD TABLE AS old_rows ', table='beneficiaries_beneficiaryevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='person',
            trigger=pgtrigger.compiler.Trigger(name='person_stays_destroyed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."destroyed_at" IS NOT NULL AND (OLD."name", OLD."document", OLD."destroyed_at") IS DISTINCT FROM (NEW."name", NEW."document", NEW."destroyed_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6d8fd2581ae9afebf868c352f30aac83b6d03e2e', operation='UPDATE', pgid='pgtrigger_person_stays_destroyed_d7181', table='beneficiaries_person', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='person',
            trigger=pgtrigger.compiler.Trigger(name='before_update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_personevent" ("birth_on", "created_at", "deceased_on", "destroyed_at", "document", "document_type", "id", "identity_index_a", "identity_index_b", "merged_into_id", "name", "name_index_a", "name_index_b", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sex") SELECT old_values."birth_on", old_values."created_at", old_values."deceased_on", old_values."destroyed_at", old_values."document", old_values."document_type", old_values."id", old_values."identity_index_a", old_values."identity_index_b", old_values."merged_into_id", old_values."name", old_values."name_index_a", old_values."name_index_b", _pgh_attached_context.value, NOW(), \'before_update\', old_values."id", old_values."sex" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='703747f3c2df60717e0edcf876f8819961508c2c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_before_update_update_cb781', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='beneficiaries_person', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='person',
            trigger=pgtrigger.compiler.Trigger(name='before_delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_personevent" ("birth_on", "created_at", "deceased_on", "destroyed_at", "document", "document_type", "id", "identity_index_a", "identity_index_b", "merged_into_id", "name", "name_index_a", "name_index_b", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sex") SELECT old_values."birth_on", old_values."created_at", old_values."deceased_on", old_values."destroyed_at", old_values."document", old_values."document_type", old_values."id", old_values."identity_index_a", old_values."identity_index_b", old_values."merged_into_id", old_values."name", old_values."name_index_a", old_values."name_index_b", _pgh_attached_context.value, NOW(), \'before_delete\', old_values."id", old_values."sex" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='2195660ebc0bf143150261eb982ffc03a1baab6e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_before_delete_delete_da7ed', referencing='REFERENCING OLD TABLE AS old_values ', table='beneficiaries_person', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personchangeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='76ae77ae70e6a63336f1cbcc97bf6b453a470b04', operation='UPDATE', pgid='pgtrigger_append_only_c0647', table='beneficiaries_personchangeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personchangeevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.name IS NULL OR kept.name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.document IS NULL OR kept.document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.phone IS NULL OR kept.phone = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND EXISTS (SELECT FROM beneficiaries_person owner WHERE owner.id = kept.person_id AND owner.destroyed_at IS NOT NULL) AS destroyed\n                    FROM beneficiaries_personchange kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='b67cafb9f1461b96706b6925f0be3b22a945ad90', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_27ce5', referencing='REFERENCING OLD TABLE AS old_rows ', table='beneficiaries_personchangeevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='persondocumentevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1c869be85ce9befc28cc00d0defb1eda9a48c00d', operation='UPDATE', pgid='pgtrigger_append_only_887be', table='beneficiaries_persondocumentevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='persondocumentevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.document IS NULL OR kept.document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND EXISTS (SELECT FROM beneficiaries_person owner WHERE owner.id = kept.person_id AND owner.destroyed_at IS NOT NULL) AS destroyed\n                    FROM beneficiaries_persondocument kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='5e854205f564945caaf6ec0d27267f046fb309de', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_d45c8', referencing='REFERENCING OLD TABLE AS old_rows ', table='beneficiaries_persondocumentevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='77bd3ba3cd7b3bd2533ed0c143bfddd2a75a7e21', operation='UPDATE', pgid='pgtrigger_append_only_2659d', table='beneficiaries_personevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.name IS NULL OR kept.name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.document IS NULL OR kept.document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND kept.destroyed_at IS NOT NULL AS destroyed\n                    FROM beneficiaries_person kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='d2fce628dc424d23304744bec7318a2cb2651375', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_31f42', referencing='REFERENCING OLD TABLE AS old_rows ', table='beneficiaries_personevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='representativeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='3d102da388cd2361801c8c01b178216fb245213b', operation='UPDATE', pgid='pgtrigger_append_only_a53d9', table='beneficiaries_representativeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='representativeevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.name IS NULL OR kept.name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.document IS NULL OR kept.document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.phone IS NULL OR kept.phone = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea)) AND EXISTS (\n            SELECT FROM beneficiaries_beneficiary b JOIN beneficiaries_person owner ON owner.id = b.person_id\n            WHERE b.id = kept.beneficiary_id AND owner.destroyed_at IS NOT NULL) AS destroyed\n                    FROM beneficiaries_representative kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='465d1c8860e4e7f1aaeb31195b43bc3b16f91bee', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_7fb5b', referencing='REFERENCING OLD TABLE AS old_rows ', table='beneficiaries_representativeevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rosterrowevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='5bfed81e7d1b68d4add8d59f14a619f08c67c8ba', operation='UPDATE', pgid='pgtrigger_append_only_35dad', table='beneficiaries_rosterrowevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rosterrowevent',
            trigger=pgtrigger.compiler.Trigger(name='goes_with_its_row', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (\n                SELECT FROM old_rows gone LEFT JOIN LATERAL (\n                    SELECT ((kept.name IS NULL OR kept.name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.document IS NULL OR kept.document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.phone IS NULL OR kept.phone = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.address IS NULL OR kept.address = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.bank_account IS NULL OR kept.bank_account = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.guardian_name IS NULL OR kept.guardian_name = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND (kept.guardian_document IS NULL OR kept.guardian_document = '\\x010000000000000000000000000000000000000000000000000000000000000000'::bytea) AND kept.raw IS NULL) AND true AS destroyed\n                    FROM beneficiaries_rosterrow kept\n                    WHERE kept.id = gone.pgh_obj_id LIMIT 1\n                ) AS kept ON true WHERE kept.destroyed IS NOT TRUE\n            ) THEN\n                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';\n            END IF;\n            RETURN NULL;", hash='f7e7ac69363aa03685446961b5fdd4943293471c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_goes_with_its_row_6bd44', referencing='REFERENCING OLD TABLE AS old_rows ', table='beneficiaries_rosterrowevent', when='AFTER')),
        ),
    ])]

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0003_content_goes_with_its_term'),
    ]

    operations = [Together([
        pgtrigger.migrations.RemoveTrigger(
            model_name='sending',
            name='sending_stays_what_was_proposed',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='sending',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='sending',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='sending',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='sending',
            name='village_only',
            field=models.BooleanField(default=False, verbose_name='everybody by the village'),
        ),
        migrations.AddField(
            model_name='sendingevent',
            name='village_only',
            field=models.BooleanField(default=False, verbose_name='everybody by the village'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sending',
            trigger=pgtrigger.compiler.Trigger(name='sending_stays_what_was_proposed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."earliest_hour" IS DISTINCT FROM (NEW."earliest_hour") OR OLD."grouped" IS DISTINCT FROM (NEW."grouped") OR OLD."latest_hour" IS DISTINCT FROM (NEW."latest_hour") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."period_id" IS DISTINCT FROM (NEW."period_id") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."region_code" IS DISTINCT FROM (NEW."region_code") OR OLD."topic" IS DISTINCT FROM (NEW."topic") OR OLD."turn" IS DISTINCT FROM (NEW."turn") OR OLD."village_only" IS DISTINCT FROM (NEW."village_only") OR OLD."within_days" IS DISTINCT FROM (NEW."within_days") OR OLD."wording_id" IS DISTINCT FROM (NEW."wording_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='a191732eca1391fad7266c092b8a1a3a212eaf93', operation='UPDATE', pgid='pgtrigger_sending_stays_what_was_proposed_8a20c', table='outreach_sending', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sending',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "outreach_sendingevent" ("by_phone", "by_village", "delivered", "digest", "earliest_hour", "failed", "fetched_at", "folder", "grouped", "grouped_at", "id", "latest_hour", "messages", "organization_id", "people", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printed_at", "program_id", "proposed_at", "proposed_by_id", "purge_on", "purged_at", "reason", "region_code", "released_at", "released_by_id", "reported_at", "results", "state", "topic", "turn", "village_only", "withdrawn_by_id", "within_days", "wording_id", "written_at") SELECT new_values."by_phone", new_values."by_village", new_values."delivered", new_values."digest", new_values."earliest_hour", new_values."failed", new_values."fetched_at", new_values."folder", new_values."grouped", new_values."grouped_at", new_values."id", new_values."latest_hour", new_values."messages", new_values."organization_id", new_values."people", new_values."period_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."printed_at", new_values."program_id", new_values."proposed_at", new_values."proposed_by_id", new_values."purge_on", new_values."purged_at", new_values."reason", new_values."region_code", new_values."released_at", new_values."released_by_id", new_values."reported_at", new_values."results", new_values."state", new_values."topic", new_values."turn", new_values."village_only", new_values."withdrawn_by_id", new_values."within_days", new_values."wording_id", new_values."written_at" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2a8ff1e12f93c7223b32cc37b5584ccac6a4e3ae', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_4925a', referencing='REFERENCING NEW TABLE AS new_values ', table='outreach_sending', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sending',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "outreach_sendingevent" ("by_phone", "by_village", "delivered", "digest", "earliest_hour", "failed", "fetched_at", "folder", "grouped", "grouped_at", "id", "latest_hour", "messages", "organization_id", "people", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printed_at", "program_id", "proposed_at", "proposed_by_id", "purge_on", "purged_at", "reason", "region_code", "released_at", "released_by_id", "reported_at", "results", "state", "topic", "turn", "village_only", "withdrawn_by_id", "within_days", "wording_id", "written_at") SELECT new_values."by_phone", new_values."by_village", new_values."delivered", new_values."digest", new_values."earliest_hour", new_values."failed", new_values."fetched_at", new_values."folder", new_values."grouped", new_values."grouped_at", new_values."id", new_values."latest_hour", new_values."messages", new_values."organization_id", new_values."people", new_values."period_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."printed_at", new_values."program_id", new_values."proposed_at", new_values."proposed_by_id", new_values."purge_on", new_values."purged_at", new_values."reason", new_values."region_code", new_values."released_at", new_values."released_by_id", new_values."reported_at", new_values."results", new_values."state", new_values."topic", new_values."turn", new_values."village_only", new_values."withdrawn_by_id", new_values."within_days", new_values."wording_id", new_values."written_at" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e0549d39a1f02d0af4808ca2fbbe16bee89738a6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_28636', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='outreach_sending', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sending',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "outreach_sendingevent" ("by_phone", "by_village", "delivered", "digest", "earliest_hour", "failed", "fetched_at", "folder", "grouped", "grouped_at", "id", "latest_hour", "messages", "organization_id", "people", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printed_at", "program_id", "proposed_at", "proposed_by_id", "purge_on", "purged_at", "reason", "region_code", "released_at", "released_by_id", "reported_at", "results", "state", "topic", "turn", "village_only", "withdrawn_by_id", "within_days", "wording_id", "written_at") SELECT old_values."by_phone", old_values."by_village", old_values."delivered", old_values."digest", old_values."earliest_hour", old_values."failed", old_values."fetched_at", old_values."folder", old_values."grouped", old_values."grouped_at", old_values."id", old_values."latest_hour", old_values."messages", old_values."organization_id", old_values."people", old_values."period_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."printed_at", old_values."program_id", old_values."proposed_at", old_values."proposed_by_id", old_values."purge_on", old_values."purged_at", old_values."reason", old_values."region_code", old_values."released_at", old_values."released_by_id", old_values."reported_at", old_values."results", old_values."state", old_values."topic", old_values."turn", old_values."village_only", old_values."withdrawn_by_id", old_values."within_days", old_values."wording_id", old_values."written_at" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='96016236906caab5ede1e577894bf4d49f65bf26', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_a6a31', referencing='REFERENCING OLD TABLE AS old_values ', table='outreach_sending', when='AFTER')),
        ),
    ])]

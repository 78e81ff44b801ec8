import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_one_duty_and_true_paths'),
        ('beneficiaries', '0006_decisions_about_rows'),
        ('intake', '0001_initial'),
        ('programs', '0005_undo_posting'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='roster',
            options={'ordering': ['-id'], 'permissions': [('upload_roster', 'Can upload rosters'), ('submit_roster', 'Can submit rosters'), ('approve_roster', 'Can approve rosters or send them back'), ('download_refused_rows', 'Can download refused rows in the clear'), ('request_undo', 'Can request the undo of applied rosters'), ('approve_undo', 'Can approve the undo of rosters or turn it down'), ('pass_gate', 'Can record notice, own payment and acceptance')], 'verbose_name': 'roster', 'verbose_name_plural': 'rosters'},
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='roster',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='roster',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='roster',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='rosterrow',
            name='before_update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='rosterrow',
            name='before_delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='roster',
            name='roster_approved_by_another',
        ),
        migrations.RemoveConstraint(
            model_name='roster',
            name='roster_approved_digest_is_its_digest',
        ),
        migrations.RemoveConstraint(
            model_name='roster',
            name='roster_applied_at_the_end',
        ),
        migrations.RemoveConstraint(
            model_name='roster',
            name='roster_state_is_known',
        ),
        migrations.AddField(
            model_name='roster',
            name='undo_asked_at',
            field=models.DateTimeField(null=True, verbose_name='undo requested at'),
        ),
        migrations.AddField(
            model_name='roster',
            name='undo_asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undo requested by'),
        ),
        migrations.AddField(
            model_name='roster',
            name='undo_decided_at',
            field=models.DateTimeField(null=True, verbose_name='undo decided at'),
        ),
        migrations.AddField(
            model_name='roster',
            name='undo_decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undo decided by'),
        ),
        migrations.AddField(
            model_name='roster',
            name='undo_reason',
            field=models.CharField(blank=True, default='', max_length=300, verbose_name='reason of the undo'),
        ),
        migrations.AddField(
            model_name='roster',
            name='undone_at',
            field=models.DateTimeField(null=True, verbose_name='undone at'),
        ),
        migrations.AddField(
            model_name='rosterchunk',
            name='kept_counts',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='rosterchunk',
            name='undone_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='rosterchunk',
            name='undone_rows',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='rosterevent',
            name='undo_asked_at',
            field=models.DateTimeField(null=True, verbose_name='undo requested at'),
        ),
        migrations.AddField(
            model_name='rosterevent',
            name='undo_asked_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undo requested by'),
        ),
        migrations.AddField(
            model_name='rosterevent',
            name='undo_decided_at',
            field=models.DateTimeField(null=True, verbose_name='undo decided at'),
        ),
        migrations.AddField(
            model_name='rosterevent',
            name='undo_decided_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undo decided by'),
        ),
        migrations.AddField(
            model_name='rosterevent',
            name='undo_reason',
            field=models.CharField(blank=True, default='', max_length=300, verbose_name='reason of the undo'),
        ),
        migrations.AddField(
            model_name='rosterevent',
            name='undone_at',
            field=models.DateTimeField(null=True, verbose_name='undone at'),
        ),
        migrations.AddField(
            model_name='rosterrow',
            name='kept',
            field=models.CharField(blank=True, db_collation='C', db_default='', default='', max_length=24, verbose_name='kept'),
        ),
        migrations.AddField(
            model_name='rosterrowevent',
            name='kept',
            field=models.CharField(blank=True, db_collation='C', db_default='', default='', max_length=24, verbose_name='kept'),
        ),
        migrations.AlterField(
            model_name='enrollment',
            name='state',
            field=models.CharField(choices=[('awaiting', 'Awaiting its gates'), ('in_force', 'In force'), ('lapsed', 'Lapsed'), ('ended', 'Ended'), ('voided', 'Voided')], db_collation='C', max_length=8, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='enrollmentevent',
            name='state',
            field=models.CharField(choices=[('awaiting', 'Awaiting its gates'), ('in_force', 'In force'), ('lapsed', 'Lapsed'), ('ended', 'Ended'), ('voided', 'Voided')], db_collation='C', max_length=8, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='roster',
            name='state',
            field=models.CharField(choices=[('received', 'Received'), ('checking', 'Being checked'), ('review', 'To be reviewed'), ('submitted', 'Submitted'), ('approved', 'Approved'), ('applying', 'Being applied'), ('applied', 'Applied'), ('refused', 'Sent back'), ('withdrawn', 'Withdrawn'), ('failed', 'Not readable'), ('undo_asked', 'Undo requested'), ('undoing', 'Being undone'), ('undone', 'Undone')], db_collation='C', default='received', max_length=10, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='rosterevent',
            name='state',
            field=models.CharField(choices=[('received', 'Received'), ('checking', 'Being checked'), ('review', 'To be reviewed'), ('submitted', 'Submitted'), ('approved', 'Approved'), ('applying', 'Being applied'), ('applied', 'Applied'), ('refused', 'Sent back'), ('withdrawn', 'Withdrawn'), ('failed', 'Not readable'), ('undo_asked', 'Undo requested'), ('undoing', 'Being undone'), ('undone', 'Undone')], db_collation='C', default='received', max_length=10, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='rosterrow',
            index=models.Index(condition=models.Q(('kept', ''), _negated=True), fields=['roster', 'id'], name='roster_row_kept'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='roster',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_rosterevent" ("applied_at", "approved_digest", "counts", "cover_from", "decided_at", "decided_by_id", "digest", "file_findings", "id", "layouts", "money", "organization_id", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "program_id", "reason", "region_code", "row_count", "state", "submitted_at", "submitted_by_id", "undo_asked_at", "undo_asked_by_id", "undo_decided_at", "undo_decided_by_id", "undo_reason", "undone_at", "uploaded_at", "uploaded_by_id") SELECT new_values."applied_at", new_values."approved_digest", new_values."counts", new_values."cover_from", new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."file_findings", new_values."id", new_values."layouts", new_values."money", new_values."organization_id", new_values."period_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."plan_id", new_values."program_id", new_values."reason", new_values."region_code", new_values."row_count", new_values."state", new_values."submitted_at", new_values."submitted_by_id", new_values."undo_asked_at", new_values."undo_asked_by_id", new_values."undo_decided_at", new_values."undo_decided_by_id", new_values."undo_reason", new_values."undone_at", new_values."uploaded_at", new_values."uploaded_by_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='865deb98b9fd7f7f2ad93d8f6655fea573f2671e', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_1f385', referencing='REFERENCING NEW TABLE AS new_values ', table='beneficiaries_roster', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='roster',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_rosterevent" ("applied_at", "approved_digest", "counts", "cover_from", "decided_at", "decided_by_id", "digest", "file_findings", "id", "layouts", "money", "organization_id", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "program_id", "reason", "region_code", "row_count", "state", "submitted_at", "submitted_by_id", "undo_asked_at", "undo_asked_by_id", "undo_decided_at", "undo_decided_by_id", "undo_reason", "undone_at", "uploaded_at", "uploaded_by_id") SELECT new_values."applied_at", new_values."approved_digest", new_values."counts", new_values."cover_from", new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."file_findings", new_values."id", new_values."layouts", new_values."money", new_values."organization_id", new_values."period_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."plan_id", new_values."program_id", new_values."reason", new_values."region_code", new_values."row_count", new_values."state", new_values."submitted_at", new_values."submitted_by_id", new_values."undo_asked_at", new_values."undo_asked_by_id", new_values."undo_decided_at", new_values."undo_decided_by_id", new_values."undo_reason", new_values."undone_at", new_values."uploaded_at", new_values."uploaded_by_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='698870a2644780f4764d754f421b14138c1b3dc5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_f518d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='beneficiaries_roster', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='roster',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_rosterevent" ("applied_at", "approved_digest", "counts", "cover_from", "decided_at", "decided_by_id", "digest", "file_findings", "id", "layouts", "money", "organization_id", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "program_id", "reason", "region_code", "row_count", "state", "submitted_at", "submitted_by_id", "undo_asked_at", "undo_asked_by_id", "undo_decided_at", "undo_decided_by_id", "undo_reason", "undone_at", "uploaded_at", "uploaded_by_id") SELECT old_values."applied_at", old_values."approved_digest", old_values."counts", old_values."cover_from", old_values."decided_at", old_values."decided_by_id", old_values."digest", old_values."file_findings", old_values."id", old_values."layouts", old_values."money", old_values."organization_id", old_values."period_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."plan_id", old_values."program_id", old_values."reason", old_values."region_code", old_values."row_count", old_values."state", old_values."submitted_at", old_values."submitted_by_id", old_values."undo_asked_at", old_values."undo_asked_by_id", old_values."undo_decided_at", old_values."undo_decided_by_id", old_values."undo_reason", old_values."undone_at", old_values."uploaded_at", old_values."uploaded_by_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='19a6184cd9a6646fa0d4f10f49a870593a5bff92', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2d484', referencing='REFERENCING OLD TABLE AS old_values ', table='beneficiaries_roster', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rosterrow',
            trigger=pgtrigger.compiler.Trigger(name='before_update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_rosterrowevent" ("address", "bank_account", "bank_name", "birth_on", "category_id", "category_ids", "chunk", "codes", "contact_digest", "document", "document_type", "file_id", "findings", "guardian_document", "guardian_name", "id", "identity_index_a", "identity_index_b", "kept", "known_contact_digest", "known_person_id", "line", "name", "name_index_a", "name_index_b", "own_share", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "premium", "raw", "region_code", "roster_id", "set_aside", "sex", "sheet", "split_id", "verdict") SELECT old_values."address", old_values."bank_account", old_values."bank_name", old_values."birth_on", old_values."category_id", old_values."category_ids", old_values."chunk", old_values."codes", old_values."contact_digest", old_values."document", old_values."document_type", old_values."file_id", old_values."findings", old_values."guardian_document", old_values."guardian_name", old_values."id", old_values."identity_index_a", old_values."identity_index_b", old_values."kept", old_values."known_contact_digest", old_values."known_person_id", old_values."line", old_values."name", old_values."name_index_a", old_values."name_index_b", old_values."own_share", _pgh_attached_context.value, NOW(), \'before_update\', old_values."id", old_values."phone", old_values."premium", old_values."raw", old_values."region_code", old_values."roster_id", old_values."set_aside", old_values."sex", old_values."sheet", old_values."split_id", old_values."verdict" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='81a50a2ab61b527cfbb5c60ecae62f6bc057aad2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_before_update_update_3f453', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='beneficiaries_rosterrow', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rosterrow',
            trigger=pgtrigger.compiler.Trigger(name='before_delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "beneficiaries_rosterrowevent" ("address", "bank_account", "bank_name", "birth_on", "category_id", "category_ids", "chunk", "codes", "contact_digest", "document", "document_type", "file_id", "findings", "guardian_document", "guardian_name", "id", "identity_index_a", "identity_index_b", "kept", "known_contact_digest", "known_person_id", "line", "name", "name_index_a", "name_index_b", "own_share", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "premium", "raw", "region_code", "roster_id", "set_aside", "sex", "sheet", "split_id", "verdict") SELECT old_values."address", old_values."bank_account", old_values."bank_name", old_values."birth_on", old_values."category_id", old_values."category_ids", old_values."chunk", old_values."codes", old_values."contact_digest", old_values."document", old_values."document_type", old_values."file_id", old_values."findings", old_values."guardian_document", old_values."guardian_name", old_values."id", old_values."identity_index_a", old_values."identity_index_b", old_values."kept", old_values."known_contact_digest", old_values."known_person_id", old_values."line", old_values."name", old_values."name_index_a", old_values."name_index_b", old_values."own_share", _pgh_attached_context.value, NOW(), \'before_delete\', old_values."id", old_values."phone", old_values."premium", old_values."raw", old_values."region_code", old_values."roster_id", old_values."set_aside", old_values."sex", old_values."sheet", old_values."split_id", old_values."verdict" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='99d6ccc8b2f4ea03e0fe25dfb54be9a8a294c6a5', level='STATEMENT', operation='DELETE', pgid='pgtrigger_before_delete_delete_cfa93', referencing='REFERENCING OLD TABLE AS old_values ', table='beneficiaries_rosterrow', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('approved', 'applying', 'applied', 'undo_asked', 'undoing', 'undone')), _negated=True), models.Q(('decided_by__isnull', False), ('submitted_by__isnull', False), models.Q(('decided_by', models.F('uploaded_by')), _negated=True), models.Q(('decided_by', models.F('submitted_by')), _negated=True)), _connector='OR'), name='roster_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('approved', 'applying', 'applied', 'undo_asked', 'undoing', 'undone')), _negated=True), models.Q(('approved_digest', models.F('digest')), models.Q(('digest', ''), _negated=True)), _connector='OR'), name='roster_approved_digest_is_its_digest'),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('applied_at__isnull', False), ('state__in', ('applied', 'undo_asked', 'undoing', 'undone'))), models.Q(models.Q(('state__in', ('applied', 'undo_asked', 'undoing', 'undone')), _negated=True), ('applied_at__isnull', True)), _connector='OR'), name='roster_applied_at_the_end'),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('undo_asked', 'undoing', 'undone')), _negated=True), models.Q(('undo_asked_at__isnull', False), ('undo_asked_by__isnull', False), models.Q(('undo_reason', ''), _negated=True)), _connector='OR'), name='roster_undo_asked_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('undoing', 'undone')), _negated=True), models.Q(('undo_asked_by__isnull', False), ('undo_decided_by__isnull', False), models.Q(('undo_decided_by', models.F('undo_asked_by')), _negated=True)), _connector='OR'), name='roster_undo_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'undone'), ('undone_at__isnull', False)), models.Q(models.Q(('state', 'undone'), _negated=True), ('undone_at__isnull', True)), _connector='OR'), name='roster_undone_at_the_end'),
        ),
        migrations.AddConstraint(
            model_name='roster',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['received', 'checking', 'review', 'submitted', 'approved', 'applying', 'applied', 'refused', 'withdrawn', 'failed', 'undo_asked', 'undoing', 'undone'])), name='roster_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='rosterchunk',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('undone_at__isnull', True), ('undone_rows', 0)), models.Q(('applied_at__isnull', False), ('undone_at__isnull', False), ('undone_rows__lte', models.F('applied_rows'))), _connector='OR'), name='roster_chunk_undone_after_it_was_applied'),
        ),
    ]

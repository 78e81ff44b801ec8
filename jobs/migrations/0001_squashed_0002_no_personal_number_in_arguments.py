"""Jobs. Stands for the room's first two migrations."""

import audit.creating
import django.core.serializers.json
import django.db.models.deletion
import pgtrigger.compiler
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('jobs', '0001_initial'),
        ('jobs', '0002_no_personal_number_in_arguments'),
    ]

    initial = True

    dependencies = [
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        audit.creating.CreateModels([
            migrations.CreateModel(
                name='Job',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(db_collation='C', max_length=80, verbose_name='kind')),
                    ('arguments', models.JSONField(default=dict, verbose_name='arguments')),
                    ('subject_type', models.CharField(blank=True, db_collation='C', default='', max_length=60, verbose_name='kind of object')),
                    ('subject_id', models.CharField(blank=True, db_collation='C', default='', max_length=40, verbose_name='object')),
                    ('organization_id', models.BigIntegerField(null=True, verbose_name='organization')),
                    ('organization_path', models.CharField(blank=True, db_collation='C', default='', max_length=500)),
                    ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region')),
                    ('program_id', models.BigIntegerField(null=True, verbose_name='program')),
                    ('state', models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], db_collation='C', default='queued', max_length=9, verbose_name='state')),
                    ('total', models.BigIntegerField(null=True, verbose_name='total')),
                    ('done', models.BigIntegerField(default=0, verbose_name='done so far')),
                    ('furthest', models.BigIntegerField(default=0, help_text='The largest progress ever committed.')),
                    ('unit', models.CharField(choices=[('rows', 'rows'), ('chunks', 'chunks'), ('files', 'files'), ('steps', 'steps')], db_collation='C', default='rows', max_length=6, verbose_name='unit')),
                    ('cursor', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='cursor')),
                    ('result', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='result')),
                    ('error_code', models.CharField(blank=True, db_collation='C', default='', max_length=40, verbose_name='error code')),
                    ('error_source', models.CharField(blank=True, db_collation='C', default='', max_length=120)),
                    ('error_facts', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                    ('error', models.TextField(blank=True, default='', verbose_name='error')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                    ('max_attempts', models.PositiveSmallIntegerField(default=5, verbose_name='most attempts')),
                    ('run_after', models.DateTimeField(null=True, verbose_name='not before')),
                    ('rung_at', models.DateTimeField(null=True, verbose_name='last rung at')),
                    ('fencing_token', models.BigIntegerField(default=0)),
                    ('lease_until', models.DateTimeField(null=True, verbose_name='lease until')),
                    ('worker', models.CharField(blank=True, db_collation='C', default='', max_length=80, verbose_name='worker')),
                    ('stop_requested', models.BooleanField(default=False, verbose_name='being cancelled')),
                    ('created_by_id', models.BigIntegerField(null=True)),
                    ('created_by_label', models.CharField(max_length=80, verbose_name='started by')),
                    ('created_at', models.DateTimeField(verbose_name='created at')),
                    ('started_at', models.DateTimeField(null=True, verbose_name='begun at')),
                    ('resumed_at', models.DateTimeField(null=True)),
                    ('resumed_from', models.BigIntegerField(default=0)),
                    ('finished_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ],
                options={
                    'verbose_name': 'job',
                    'verbose_name_plural': 'jobs',
                    'ordering': ['-id'],
                    'permissions': [
                        ('retry_job', 'Can run jobs again'),
                        ('cancel_job', 'Can cancel jobs'),
                        ('view_system_job', 'Can view jobs of the portal itself'),
                    ],
                    'default_permissions': ('view',),
                    'indexes': [
                        models.Index(condition=models.Q(('state', 'queued')), fields=['id'], name='job_queued'),
                        models.Index(condition=models.Q(('state', 'running')), fields=['lease_until'], name='job_running_by_lease'),
                        models.Index(fields=['state', '-id'], name='job_by_state'),
                        models.Index(fields=['organization_path', '-id'], name='job_by_organization'),
                        models.Index(fields=['subject_type', 'subject_id', '-id'], name='job_by_subject'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('lease_until__isnull', True)), _connector='OR'), name='job_lease_while_running'),
                        models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'failed', 'cancelled'])), models.Q(('finished_at__isnull', True), ('state__in', ['queued', 'running'])), _connector='OR'), name='job_state_known_and_ended_since'),
                        models.CheckConstraint(condition=models.Q(('done__gte', 0), models.Q(('total__isnull', True), ('total__gte', models.F('done')), _connector='OR')), name='job_done_within_total'),
                        models.CheckConstraint(condition=models.Q(('attempts__gte', 0), ('attempts__lte', models.F('max_attempts')), ('max_attempts__gte', 1)), name='job_attempts_are_bounded'),
                        models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('error_code', ''), _negated=True), _connector='OR'), name='job_failure_says_why'),
                        models.CheckConstraint(condition=models.Q(('stop_requested', False), ('state__in', ['running', 'cancelled']), _connector='OR'), name='job_stop_only_while_running_or_cancelled'),
                        models.CheckConstraint(condition=models.Q(models.Q(('subject_id', ''), ('subject_type', '')), models.Q(models.Q(('subject_type', ''), _negated=True), models.Q(('subject_id', ''), _negated=True)), _connector='OR'), name='job_subject_named_whole'),
                        models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running'])), fields=('kind', 'subject_type', 'subject_id'), name='job_one_live_per_subject'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "jobs_jobevent" ("arguments", "attempts", "created_at", "created_by_id", "created_by_label", "error", "error_code", "error_facts", "error_source", "fencing_token", "finished_at", "id", "kind", "max_attempts", "organization_id", "organization_path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "region_code", "result", "resumed_at", "run_after", "started_at", "state", "stop_requested", "subject_id", "subject_type", "unit", "worker") SELECT new_values."arguments", new_values."attempts", new_values."created_at", new_values."created_by_id", new_values."created_by_label", new_values."error", new_values."error_code", new_values."error_facts", new_values."error_source", new_values."fencing_token", new_values."finished_at", new_values."id", new_values."kind", new_values."max_attempts", new_values."organization_id", new_values."organization_path", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id", new_values."region_code", new_values."result", new_values."resumed_at", new_values."run_after", new_values."started_at", new_values."state", new_values."stop_requested", new_values."subject_id", new_values."subject_type", new_values."unit", new_values."worker" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ebb8e2401cee0e2d85e56df2c35b94215c2ca591', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_8da9d', referencing='REFERENCING NEW TABLE AS new_values ', table='jobs_job', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "jobs_jobevent" ("arguments", "attempts", "created_at", "created_by_id", "created_by_label", "error", "error_code", "error_facts", "error_source", "fencing_token", "finished_at", "id", "kind", "max_attempts", "organization_id", "organization_path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "region_code", "result", "resumed_at", "run_after", "started_at", "state", "stop_requested", "subject_id", "subject_type", "unit", "worker") SELECT new_values."arguments", new_values."attempts", new_values."created_at", new_values."created_by_id", new_values."created_by_label", new_values."error", new_values."error_code", new_values."error_facts", new_values."error_source", new_values."fencing_token", new_values."finished_at", new_values."id", new_values."kind", new_values."max_attempts", new_values."organization_id", new_values."organization_path", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id", new_values."region_code", new_values."result", new_values."resumed_at", new_values."run_after", new_values."started_at", new_values."state", new_values."stop_requested", new_values."subject_id", new_values."subject_type", new_values."unit", new_values."worker" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."arguments" IS DISTINCT FROM (new_values."arguments") OR old_values."attempts" IS DISTINCT FROM (new_values."attempts") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."created_by_id" IS DISTINCT FROM (new_values."created_by_id") OR old_values."created_by_label" IS DISTINCT FROM (new_values."created_by_label") OR old_values."error" IS DISTINCT FROM (new_values."error") OR old_values."error_code" IS DISTINCT FROM (new_values."error_code") OR old_values."error_facts" IS DISTINCT FROM (new_values."error_facts") OR old_values."error_source" IS DISTINCT FROM (new_values."error_source") OR old_values."fencing_token" IS DISTINCT FROM (new_values."fencing_token") OR old_values."finished_at" IS DISTINCT FROM (new_values."finished_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."kind" IS DISTINCT FROM (new_values."kind") OR old_values."max_attempts" IS DISTINCT FROM (new_values."max_attempts") OR old_values."organization_id" IS DISTINCT FROM (new_values."organization_id") OR old_values."organization_path" IS DISTINCT FROM (new_values."organization_path") OR old_values."program_id" IS DISTINCT FROM (new_values."program_id") OR old_values."region_code" IS DISTINCT FROM (new_values."region_code") OR old_values."result" IS DISTINCT FROM (new_values."result") OR old_values."resumed_at" IS DISTINCT FROM (new_values."resumed_at") OR old_values."run_after" IS DISTINCT FROM (new_values."run_after") OR old_values."started_at" IS DISTINCT FROM (new_values."started_at") OR old_values."state" IS DISTINCT FROM (new_values."state") OR old_values."stop_requested" IS DISTINCT FROM (new_values."stop_requested") OR old_values."subject_id" IS DISTINCT FROM (new_values."subject_id") OR old_values."subject_type" IS DISTINCT FROM (new_values."subject_type") OR old_values."unit" IS DISTINCT FROM (new_values."unit") OR old_values."worker" IS DISTINCT FROM (new_values."worker")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9cc3e93db6b967a6cf7fb5592a81d7f1c4f5b0a9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_91845', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='jobs_job', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "jobs_jobevent" ("arguments", "attempts", "created_at", "created_by_id", "created_by_label", "error", "error_code", "error_facts", "error_source", "fencing_token", "finished_at", "id", "kind", "max_attempts", "organization_id", "organization_path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "region_code", "result", "resumed_at", "run_after", "started_at", "state", "stop_requested", "subject_id", "subject_type", "unit", "worker") SELECT old_values."arguments", old_values."attempts", old_values."created_at", old_values."created_by_id", old_values."created_by_label", old_values."error", old_values."error_code", old_values."error_facts", old_values."error_source", old_values."fencing_token", old_values."finished_at", old_values."id", old_values."kind", old_values."max_attempts", old_values."organization_id", old_values."organization_path", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id", old_values."region_code", old_values."result", old_values."resumed_at", old_values."run_after", old_values."started_at", old_values."state", old_values."stop_requested", old_values."subject_id", old_values."subject_type", old_values."unit", old_values."worker" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6fbbc3dadc2b7c0dcad39a377076cd3c659f107d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_dd1d0', referencing='REFERENCING OLD TABLE AS old_values ', table='jobs_job', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='JobEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('kind', models.CharField(db_collation='C', max_length=80, verbose_name='kind')),
                    ('arguments', models.JSONField(default=dict, verbose_name='arguments')),
                    ('subject_type', models.CharField(blank=True, db_collation='C', default='', max_length=60, verbose_name='kind of object')),
                    ('subject_id', models.CharField(blank=True, db_collation='C', default='', max_length=40, verbose_name='object')),
                    ('organization_id', models.BigIntegerField(null=True, verbose_name='organization')),
                    ('organization_path', models.CharField(blank=True, db_collation='C', default='', max_length=500)),
                    ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region')),
                    ('program_id', models.BigIntegerField(null=True, verbose_name='program')),
                    ('state', models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], db_collation='C', default='queued', max_length=9, verbose_name='state')),
                    ('unit', models.CharField(choices=[('rows', 'rows'), ('chunks', 'chunks'), ('files', 'files'), ('steps', 'steps')], db_collation='C', default='rows', max_length=6, verbose_name='unit')),
                    ('result', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='result')),
                    ('error_code', models.CharField(blank=True, db_collation='C', default='', max_length=40, verbose_name='error code')),
                    ('error_source', models.CharField(blank=True, db_collation='C', default='', max_length=120)),
                    ('error_facts', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                    ('error', models.TextField(blank=True, default='', verbose_name='error')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                    ('max_attempts', models.PositiveSmallIntegerField(default=5, verbose_name='most attempts')),
                    ('run_after', models.DateTimeField(null=True, verbose_name='not before')),
                    ('fencing_token', models.BigIntegerField(default=0)),
                    ('worker', models.CharField(blank=True, db_collation='C', default='', max_length=80, verbose_name='worker')),
                    ('stop_requested', models.BooleanField(default=False, verbose_name='being cancelled')),
                    ('created_by_id', models.BigIntegerField(null=True)),
                    ('created_by_label', models.CharField(max_length=80, verbose_name='started by')),
                    ('created_at', models.DateTimeField(verbose_name='created at')),
                    ('started_at', models.DateTimeField(null=True, verbose_name='begun at')),
                    ('resumed_at', models.DateTimeField(null=True)),
                    ('finished_at', models.DateTimeField(null=True, verbose_name='ended at')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='jobs.job')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='67019ae1f72962be241366f43cf545c44dd6801b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_5eb02', table='jobs_jobevent', when='BEFORE')),
                    ],
                },
            ),
        ]),
        # Checks on text within JSON, which Django cannot declare.
        migrations.RunSQL(
            sql="""
            ALTER TABLE jobs_job ADD CONSTRAINT job_arguments_hold_no_personal_number
                CHECK (arguments::text !~ '[0-9]{13}')
            """,
            reverse_sql="ALTER TABLE jobs_job DROP CONSTRAINT job_arguments_hold_no_personal_number",
        ),
        migrations.RunSQL(
            sql="""
            ALTER TABLE jobs_job ADD CONSTRAINT job_error_holds_no_personal_number
                CHECK (error !~ '[0-9]{13}' AND error_facts::text !~ '[0-9]{13}')
            """,
            reverse_sql="ALTER TABLE jobs_job DROP CONSTRAINT job_error_holds_no_personal_number",
        ),
    ]

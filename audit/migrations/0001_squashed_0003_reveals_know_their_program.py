"""Events and their seals, keys, reveals. Stands for the room's first three migrations."""

import audit.creating
import django.contrib.postgres.fields
import pgtrigger.compiler
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_no_column_that_nobody_reads'),
        ('audit', '0003_reveals_know_their_program'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        audit.creating.CreateModels([
            migrations.CreateModel(
                name='Reveal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('user_id', models.BigIntegerField()),
                    ('actor', models.CharField(max_length=80, verbose_name='who')),
                    ('subject_type', models.CharField(db_collation='C', max_length=60, verbose_name='kind of object')),
                    ('subject_id', models.CharField(db_collation='C', max_length=40, verbose_name='object')),
                    ('fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None, verbose_name='fields')),
                    ('reason', models.CharField(max_length=200, verbose_name='reason')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('expires_at', models.DateTimeField(verbose_name='until')),
                    ('organization_path', models.CharField(blank=True, db_collation='C', default='', max_length=500)),
                    ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12)),
                    ('program_id', models.BigIntegerField(null=True)),
                ],
                options={
                    'verbose_name': 'reveal',
                    'verbose_name_plural': 'reveals',
                    'ordering': ['-id'],
                    'indexes': [
                        models.Index(fields=['user_id', 'at'], name='reveal_by_user'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('reason__regex', '\\S.{2,}\\S')), name='reveal_has_reason'),
                        models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('at'))), name='reveal_ends'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='reveal_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='61c20482728a5bab5ead63410eeaec9ad03427bb', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_reveal_append_only_06e15', table='audit_reveal', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Seal',
                fields=[
                    ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                    ('event_id', models.BigIntegerField(unique=True)),
                    ('digest', models.BinaryField()),
                    ('sealed_at', models.DateTimeField()),
                ],
                options={
                    'verbose_name': 'seal',
                    'verbose_name_plural': 'seals',
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='seal_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='ce3e5a1ceced6d892aad223f9bdfbe18a833e9b9', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_seal_append_only_76b1e', table='audit_seal', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='UnsealedEvent',
                fields=[
                    ('event_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ],
                options={
                    'verbose_name': 'unsealed event',
                    'verbose_name_plural': 'unsealed events',
                },
            ),
            migrations.CreateModel(
                name='DataKey',
                fields=[
                    ('id', models.AutoField(primary_key=True, serialize=False)),
                    ('kind', models.CharField(choices=[('data', 'Data'), ('index', 'Blind index')], max_length=5)),
                    ('purpose', models.CharField(max_length=40)),
                    ('program_code', models.CharField(blank=True, default='', max_length=40)),
                    ('year', models.PositiveSmallIntegerField(default=0)),
                    ('slot', models.CharField(blank=True, default='', max_length=1)),
                    ('algorithm', models.CharField(max_length=20)),
                    ('master_key_id', models.PositiveIntegerField()),
                    ('wrapped', models.BinaryField(null=True)),
                    ('created_at', models.DateTimeField()),
                    ('retired_at', models.DateTimeField(null=True)),
                    ('destroyed_at', models.DateTimeField(null=True)),
                    ('answers', models.BooleanField(default=False)),
                ],
                options={
                    'verbose_name': 'data key',
                    'verbose_name_plural': 'data keys',
                    'constraints': [
                        models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True)), fields=('kind', 'purpose', 'program_code', 'year', 'slot'), name='data_key_current_once'),
                        models.UniqueConstraint(condition=models.Q(('answers', True), ('kind', 'index')), fields=('purpose',), name='data_key_one_index_answers'),
                        models.CheckConstraint(condition=models.Q(models.Q(('destroyed_at__isnull', True), ('wrapped__isnull', False)), models.Q(('destroyed_at__isnull', False), ('retired_at__isnull', False), ('wrapped__isnull', True)), _connector='OR'), name='data_key_wrapped_until_destroyed'),
                        models.CheckConstraint(condition=models.Q(models.Q(('kind', 'data'), ('slot', '')), models.Q(('kind', 'index'), ('program_code', ''), ('slot__in', ('a', 'b')), ('year', 0)), _connector='OR'), name='data_key_slot_of_index'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Event',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('verb', models.CharField(db_collation='C', max_length=60, verbose_name='what')),
                    ('actor_id', models.BigIntegerField(null=True)),
                    ('actor', models.CharField(max_length=80, verbose_name='who')),
                    ('subject_type', models.CharField(db_collation='C', max_length=60, verbose_name='kind of object')),
                    ('subject_id', models.CharField(db_collation='C', max_length=40, verbose_name='object')),
                    ('organization_id', models.BigIntegerField(null=True)),
                    ('organization_path', models.CharField(blank=True, db_collation='C', default='', max_length=500)),
                    ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region')),
                    ('program_id', models.BigIntegerField(null=True)),
                    ('data', models.JSONField(default=dict, verbose_name='details')),
                    ('request_id', models.CharField(blank=True, db_collation='C', default='', max_length=40)),
                ],
                options={
                    'verbose_name': 'event',
                    'verbose_name_plural': 'events',
                    'ordering': ['-id'],
                    'indexes': [
                        models.Index(fields=['subject_type', 'subject_id', 'id'], name='event_by_subject'),
                        models.Index(fields=['organization_path', 'id'], name='event_by_organization'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='event_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='3f4f56c648842cfaf5ddac8ecc9ea010290c6912', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_event_append_only_208db', table='audit_event', when='BEFORE')),
                        pgtrigger.compiler.Trigger(name='event_waits_for_its_seal', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO audit_unsealedevent (event_id) SELECT id FROM new_events; RETURN NULL;', hash='c0338605cd9d51b1d41cefc99938f944c42eb5ab', level='STATEMENT', operation='INSERT', pgid='pgtrigger_event_waits_for_its_seal_e4fcb', referencing='REFERENCING NEW TABLE AS new_events ', table='audit_event', when='AFTER')),
                    ],
                },
            ),
        ]),
    ]

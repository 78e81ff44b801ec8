import audit.creating
import audit.fields
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0002_one_duty_and_true_paths'),
        ('accounts', '__first__'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        audit.creating.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Export',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('listing', models.CharField(db_collation='C', max_length=80, verbose_name='list')),
                        ('format', models.CharField(choices=[('xlsx', 'Excel workbook (XLSX)'), ('csv', 'Text for other programs (CSV)')], db_collation='C', max_length=4, verbose_name='format')),
                        ('query', audit.fields.SealedTextField(editable=True, logical_name='export.query', null=True, purpose='export', verbose_name='narrowed to')),
                        ('narrowed', models.JSONField(default=list, verbose_name='filters')),
                        ('language', models.CharField(db_collation='C', max_length=10, verbose_name='language')),
                        ('holds_people', models.BooleanField(default=False, verbose_name='holds people')),
                        ('purpose', models.CharField(blank=True, default='', max_length=300, verbose_name='purpose')),
                        ('reach', models.JSONField(default=list)),
                        ('state', models.CharField(choices=[('asked', 'Being written'), ('ready', 'Ready'), ('sent', 'Handed over at once'), ('cancelled', 'Cancelled'), ('refused', 'Not handed out'), ('expired', 'Deleted at the end of its time')], db_collation='C', default='asked', max_length=9, verbose_name='state')),
                        ('refusal', models.CharField(blank=True, db_collation='C', default='', max_length=40)),
                        ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                        ('rows', models.BigIntegerField(null=True, verbose_name='number of rows')),
                        ('size', models.BigIntegerField(help_text='Bytes.', null=True, verbose_name='size')),
                        ('sha256', models.CharField(blank=True, db_collation='C', default='', max_length=64, verbose_name='SHA-256 of the file')),
                        ('folder', models.CharField(blank=True, db_collation='C', default='', max_length=60)),
                        ('purge_on', models.DateField(null=True, verbose_name='kept until')),
                        ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exports', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                        ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization', verbose_name='organization')),
                    ],
                    options={
                        'verbose_name': 'export',
                        'verbose_name_plural': 'my exports',
                        'ordering': ['-id'],
                        'permissions': [('cancel_export', 'Can cancel their own exports'), ('download_export', 'Can download their own exports')],
                        'default_permissions': ('view',),
                        'indexes': [models.Index(fields=['asked_by', '-id'], name='export_by_asker'), models.Index(condition=models.Q(('purge_on__isnull', False), ('purged_at', None)), fields=['purge_on'], name='export_to_purge')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['ready', 'sent']), _negated=True), models.Q(('ended_at__isnull', False), ('rows__gte', 0), ('size__gt', 0), models.Q(('sha256', ''), _negated=True)), _connector='OR'), name='export_file_is_whole'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'asked')), ('ended_at__isnull', False), _connector='OR'), name='export_ends_once'), models.CheckConstraint(condition=models.Q(('holds_people', False), models.Q(('purpose', ''), _negated=True), _connector='OR'), name='export_of_people_has_purpose'), models.CheckConstraint(condition=models.Q(('folder', ''), ('purge_on__isnull', False), _connector='OR'), name='export_kept_has_an_end'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('refusal', ''), _negated=True), _connector='OR'), name='export_refusal_says_why')],
                        'triggers': [pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "exports_exportevent" ("asked_at", "asked_by_id", "ended_at", "folder", "format", "holds_people", "id", "language", "listing", "narrowed", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "purpose", "query", "reach", "refusal", "rows", "sha256", "size", "state") SELECT new_values."asked_at", new_values."asked_by_id", new_values."ended_at", new_values."folder", new_values."format", new_values."holds_people", new_values."id", new_values."language", new_values."listing", new_values."narrowed", new_values."organization_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purge_on", new_values."purged_at", new_values."purpose", new_values."query", new_values."reach", new_values."refusal", new_values."rows", new_values."sha256", new_values."size", new_values."state" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3e477c259641a2864029b0bad50e3285602e157c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_06318', referencing='REFERENCING NEW TABLE AS new_values ', table='exports_export', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "exports_exportevent" ("asked_at", "asked_by_id", "ended_at", "folder", "format", "holds_people", "id", "language", "listing", "narrowed", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "purpose", "query", "reach", "refusal", "rows", "sha256", "size", "state") SELECT new_values."asked_at", new_values."asked_by_id", new_values."ended_at", new_values."folder", new_values."format", new_values."holds_people", new_values."id", new_values."language", new_values."listing", new_values."narrowed", new_values."organization_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purge_on", new_values."purged_at", new_values."purpose", new_values."query", new_values."reach", new_values."refusal", new_values."rows", new_values."sha256", new_values."size", new_values."state" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='cb096aa94741996682ea3a3e9cac9443b48a8ba8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_72637', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='exports_export', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "exports_exportevent" ("asked_at", "asked_by_id", "ended_at", "folder", "format", "holds_people", "id", "language", "listing", "narrowed", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "purpose", "query", "reach", "refusal", "rows", "sha256", "size", "state") SELECT old_values."asked_at", old_values."asked_by_id", old_values."ended_at", old_values."folder", old_values."format", old_values."holds_people", old_values."id", old_values."language", old_values."listing", old_values."narrowed", old_values."organization_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purge_on", old_values."purged_at", old_values."purpose", old_values."query", old_values."reach", old_values."refusal", old_values."rows", old_values."sha256", old_values."size", old_values."state" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6b73cc5f343fac3336ef02b8ae3fc3e0cc60f908', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_58d59', referencing='REFERENCING OLD TABLE AS old_values ', table='exports_export', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='ExportEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('listing', models.CharField(db_collation='C', max_length=80, verbose_name='list')),
                        ('format', models.CharField(choices=[('xlsx', 'Excel workbook (XLSX)'), ('csv', 'Text for other programs (CSV)')], db_collation='C', max_length=4, verbose_name='format')),
                        ('query', audit.fields.SealedTextField(editable=True, logical_name='export.query', null=True, purpose='export', verbose_name='narrowed to')),
                        ('narrowed', models.JSONField(default=list, verbose_name='filters')),
                        ('language', models.CharField(db_collation='C', max_length=10, verbose_name='language')),
                        ('holds_people', models.BooleanField(default=False, verbose_name='holds people')),
                        ('purpose', models.CharField(blank=True, default='', max_length=300, verbose_name='purpose')),
                        ('reach', models.JSONField(default=list)),
                        ('state', models.CharField(choices=[('asked', 'Being written'), ('ready', 'Ready'), ('sent', 'Handed over at once'), ('cancelled', 'Cancelled'), ('refused', 'Not handed out'), ('expired', 'Deleted at the end of its time')], db_collation='C', default='asked', max_length=9, verbose_name='state')),
                        ('refusal', models.CharField(blank=True, db_collation='C', default='', max_length=40)),
                        ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                        ('rows', models.BigIntegerField(null=True, verbose_name='number of rows')),
                        ('size', models.BigIntegerField(help_text='Bytes.', null=True, verbose_name='size')),
                        ('sha256', models.CharField(blank=True, db_collation='C', default='', max_length=64, verbose_name='SHA-256 of the file')),
                        ('folder', models.CharField(blank=True, db_collation='C', default='', max_length=60)),
                        ('purge_on', models.DateField(null=True, verbose_name='kept until')),
                        ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                        ('asked_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                        ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='organization')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='exports.export')),
                    ],
                    options={
                        'abstract': False,
                        'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5d3634246618fb8a58953fbc60726ccfdd2f96f0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0890f', table='exports_exportevent', when='BEFORE'))],
                    },
                ),
                migrations.CreateModel(
                    name='ExportPart',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField()),
                        ('sheet', models.PositiveSmallIntegerField()),
                        ('rows', models.PositiveIntegerField()),
                        ('place', models.TextField(blank=True, default='')),
                        ('plain', models.BigIntegerField()),
                        ('crc', models.BigIntegerField()),
                        ('size', models.BigIntegerField()),
                        ('storage_key', models.CharField(db_collation='C', max_length=120, unique=True)),
                        ('export', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='exports.export')),
                    ],
                    options={
                        'verbose_name': 'part of an export',
                        'verbose_name_plural': 'parts of exports',
                        'ordering': ['export', 'number'],
                        'constraints': [models.UniqueConstraint(fields=('export', 'number'), name='export_part_once')],
                    },
                ),
            ],
        ),
    ]

"""Files and mapped words. Stands for the room's first two migrations."""

import audit.creating
import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('intake', '0001_initial'),
        ('intake', '0002_mapped_words_and_chosen_sheets'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0002_one_duty_and_true_paths'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        audit.creating.CreateModels([
            migrations.CreateModel(
                name='File',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120, verbose_name='file name')),
                    ('media_type', models.CharField(max_length=20, verbose_name='type')),
                    ('size', models.BigIntegerField(help_text='Bytes.', verbose_name='size')),
                    ('sha256', models.CharField(db_collation='C', max_length=64, verbose_name='content')),
                    ('storage_key', models.CharField(db_collation='C', max_length=80, unique=True)),
                    ('uploaded_at', models.DateTimeField(verbose_name='uploaded at')),
                    ('purge_on', models.DateField(verbose_name='kept until')),
                    ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                    ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='accounts.organization', verbose_name='organization')),
                    ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                    ('sheets', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), null=True, size=None, verbose_name='sheets')),
                ],
                options={
                    'verbose_name': 'file',
                    'verbose_name_plural': 'files',
                    'indexes': [
                        models.Index(fields=['organization', 'sha256'], name='file_by_content'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='file_is_not_empty'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "intake_fileevent" ("id", "media_type", "name", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "sha256", "sheets", "size", "storage_key", "uploaded_at", "uploaded_by_id") SELECT new_values."id", new_values."media_type", new_values."name", new_values."organization_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purge_on", new_values."purged_at", new_values."sha256", new_values."sheets", new_values."size", new_values."storage_key", new_values."uploaded_at", new_values."uploaded_by_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e513f42f26c0ddadc12bdee92e2b981f96895cbc', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_ba224', referencing='REFERENCING NEW TABLE AS new_values ', table='intake_file', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "intake_fileevent" ("id", "media_type", "name", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "sha256", "sheets", "size", "storage_key", "uploaded_at", "uploaded_by_id") SELECT new_values."id", new_values."media_type", new_values."name", new_values."organization_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purge_on", new_values."purged_at", new_values."sha256", new_values."sheets", new_values."size", new_values."storage_key", new_values."uploaded_at", new_values."uploaded_by_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c2d8383e1820ba6db7f577647ed560fb3bdf9db4', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_f3770', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='intake_file', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "intake_fileevent" ("id", "media_type", "name", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "sha256", "sheets", "size", "storage_key", "uploaded_at", "uploaded_by_id") SELECT old_values."id", old_values."media_type", old_values."name", old_values."organization_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purge_on", old_values."purged_at", old_values."sha256", old_values."sheets", old_values."size", old_values."storage_key", old_values."uploaded_at", old_values."uploaded_by_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='ae92f41dd1918877685ffe1eb2eddf0de450745a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_31d59', referencing='REFERENCING OLD TABLE AS old_values ', table='intake_file', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='FileEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('name', models.CharField(max_length=120, verbose_name='file name')),
                    ('media_type', models.CharField(max_length=20, verbose_name='type')),
                    ('size', models.BigIntegerField(help_text='Bytes.', verbose_name='size')),
                    ('sha256', models.CharField(db_collation='C', max_length=64, verbose_name='content')),
                    ('storage_key', models.CharField(db_collation='C', max_length=80)),
                    ('uploaded_at', models.DateTimeField(verbose_name='uploaded at')),
                    ('purge_on', models.DateField(verbose_name='kept until')),
                    ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                    ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='organization')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='intake.file')),
                    ('uploaded_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
                    ('sheets', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), null=True, size=None, verbose_name='sheets')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f4b8195ff088ae0ff1ca41098d15dd36e198d42e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_fb98e', table='intake_fileevent', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='WordMapping',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('template', models.CharField(db_collation='C', max_length=40, verbose_name='kind of file')),
                    ('kind', models.CharField(choices=[('heading', 'Column heading'), ('category', 'Category'), ('region', 'Region')], db_collation='C', max_length=10, verbose_name='kind of word')),
                    ('word', models.CharField(max_length=40, verbose_name='word in the file')),
                    ('target', models.CharField(db_collation='C', max_length=40, verbose_name='stands for')),
                    ('made_at', models.DateTimeField(verbose_name='chosen at')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                    ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by')),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='chosen by')),
                    ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization', verbose_name='organization')),
                ],
                options={
                    'verbose_name': 'mapped word',
                    'verbose_name_plural': 'mapped words',
                    'ordering': ['-id'],
                    'permissions': [
                        ('end_wordmapping', 'Can end the mapping of a word'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('organization', 'template', 'kind', 'word'), name='word_means_one_thing'),
                        models.CheckConstraint(condition=models.Q(('kind__in', ['heading', 'category', 'region'])), name='word_mapping_kind_is_known'),
                        models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='word_mapping_ended_by_a_person'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "intake_wordmappingevent" ("ended_at", "ended_by_id", "id", "kind", "made_at", "made_by_id", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "target", "template", "word") SELECT new_values."ended_at", new_values."ended_by_id", new_values."id", new_values."kind", new_values."made_at", new_values."made_by_id", new_values."organization_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."target", new_values."template", new_values."word" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='095fb8a39183128f3a0abb8509c086d6a048df09', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_eda4d', referencing='REFERENCING NEW TABLE AS new_values ', table='intake_wordmapping', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "intake_wordmappingevent" ("ended_at", "ended_by_id", "id", "kind", "made_at", "made_by_id", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "target", "template", "word") SELECT new_values."ended_at", new_values."ended_by_id", new_values."id", new_values."kind", new_values."made_at", new_values."made_by_id", new_values."organization_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."target", new_values."template", new_values."word" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='45684d1da14a0528fb6da07c3f1cc6efc81c4793', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_371c6', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='intake_wordmapping', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "intake_wordmappingevent" ("ended_at", "ended_by_id", "id", "kind", "made_at", "made_by_id", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "target", "template", "word") SELECT old_values."ended_at", old_values."ended_by_id", old_values."id", old_values."kind", old_values."made_at", old_values."made_by_id", old_values."organization_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."target", old_values."template", old_values."word" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='aabc0e5aa9ca3d8e5b7f012f86585b5e48fdb6ca', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_e345c', referencing='REFERENCING OLD TABLE AS old_values ', table='intake_wordmapping', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='WordMappingEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('template', models.CharField(db_collation='C', max_length=40, verbose_name='kind of file')),
                    ('kind', models.CharField(choices=[('heading', 'Column heading'), ('category', 'Category'), ('region', 'Region')], db_collation='C', max_length=10, verbose_name='kind of word')),
                    ('word', models.CharField(max_length=40, verbose_name='word in the file')),
                    ('target', models.CharField(db_collation='C', max_length=40, verbose_name='stands for')),
                    ('made_at', models.DateTimeField(verbose_name='chosen at')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                    ('ended_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by')),
                    ('made_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='chosen by')),
                    ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='organization')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='intake.wordmapping')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0f352be29e95e76f39f0d15b94754f11be6117ce', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c4d66', table='intake_wordmappingevent', when='BEFORE')),
                    ],
                },
            ),
        ]),
    ]

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('gates', '0013_employers_pay_by_one_bill'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [Together([
        migrations.CreateModel(
            name='NoticeFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('writing', 'Being written'), ('ready', 'Ready'), ('expired', 'Deleted at the end of its time')], db_collation='C', default='writing', max_length=7, verbose_name='state')),
                ('people', models.IntegerField(default=0, verbose_name='people')),
                ('villages', models.IntegerField(default=0, verbose_name='villages')),
                ('size', models.BigIntegerField(default=0, help_text='Bytes.', verbose_name='size')),
                ('digest', models.CharField(blank=True, db_collation='C', default='', max_length=64)),
                ('folder', models.CharField(db_collation='C', max_length=60)),
                ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('purge_on', models.DateField(verbose_name='kept until')),
                ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='gates.notice', verbose_name='public notice')),
            ],
            options={
                'verbose_name': 'file of a public notice',
                'verbose_name_plural': 'files of public notices',
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='NoticeFileEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('state', models.CharField(choices=[('writing', 'Being written'), ('ready', 'Ready'), ('expired', 'Deleted at the end of its time')], db_collation='C', default='writing', max_length=7, verbose_name='state')),
                ('people', models.IntegerField(default=0, verbose_name='people')),
                ('villages', models.IntegerField(default=0, verbose_name='villages')),
                ('size', models.BigIntegerField(default=0, help_text='Bytes.', verbose_name='size')),
                ('digest', models.CharField(blank=True, db_collation='C', default='', max_length=64)),
                ('folder', models.CharField(db_collation='C', max_length=60)),
                ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('purge_on', models.DateField(verbose_name='kept until')),
                ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                ('asked_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('notice', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='gates.notice', verbose_name='public notice')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='gates.noticefile')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='NoticeFilePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('region_code', models.CharField(db_collation='C', max_length=12)),
                ('people', models.IntegerField()),
                ('size', models.IntegerField()),
                ('sha256', models.CharField(db_collation='C', max_length=64)),
                ('storage_key', models.CharField(db_collation='C', max_length=100)),
                ('file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='gates.noticefile')),
            ],
            options={
                'verbose_name': 'part of a file',
                'verbose_name_plural': 'parts of files',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='noticefile',
            index=models.Index(condition=models.Q(('purged_at', None)), fields=['purge_on'], name='notice_file_to_purge'),
        ),
        migrations.AddConstraint(
            model_name='noticefile',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('ended_at__isnull', False), ('villages__gt', 0), models.Q(('digest', ''), _negated=True)), _connector='OR'), name='notice_file_ready_is_fixed'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticefile',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "gates_noticefileevent" ("asked_at", "asked_by_id", "digest", "ended_at", "folder", "id", "notice_id", "people", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "size", "state", "villages") SELECT new_values."asked_at", new_values."asked_by_id", new_values."digest", new_values."ended_at", new_values."folder", new_values."id", new_values."notice_id", new_values."people", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."purge_on", new_values."purged_at", new_values."size", new_values."state", new_values."villages" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='87cc1fa73cd395a2ca688ef4a135c8adc1400a39', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f92f4', referencing='REFERENCING NEW TABLE AS new_values ', table='gates_noticefile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticefile',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "gates_noticefileevent" ("asked_at", "asked_by_id", "digest", "ended_at", "folder", "id", "notice_id", "people", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "size", "state", "villages") SELECT new_values."asked_at", new_values."asked_by_id", new_values."digest", new_values."ended_at", new_values."folder", new_values."id", new_values."notice_id", new_values."people", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."purge_on", new_values."purged_at", new_values."size", new_values."state", new_values."villages" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='dc11e4e3d83d2447fd18d59b84d2f3e4671dd496', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b3bf9', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='gates_noticefile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticefile',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "gates_noticefileevent" ("asked_at", "asked_by_id", "digest", "ended_at", "folder", "id", "notice_id", "people", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purge_on", "purged_at", "size", "state", "villages") SELECT old_values."asked_at", old_values."asked_by_id", old_values."digest", old_values."ended_at", old_values."folder", old_values."id", old_values."notice_id", old_values."people", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."purge_on", old_values."purged_at", old_values."size", old_values."state", old_values."villages" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5221ddb4255b6be8e20f13fcaec1d7ca6796dd77', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_4aba1', referencing='REFERENCING OLD TABLE AS old_values ', table='gates_noticefile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticefileevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='91390c676515f52547df78db79f14ea32448c85d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_b3b6e', table='gates_noticefileevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='noticefilepart',
            constraint=models.UniqueConstraint(fields=('file', 'number'), name='notice_file_part_once'),
        ),
    ])]

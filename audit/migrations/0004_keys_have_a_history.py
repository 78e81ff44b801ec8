import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_squashed_0003_reveals_know_their_program'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [Together([
        migrations.CreateModel(
            name='DataKeyEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.IntegerField()),
                ('kind', models.CharField(choices=[('data', 'Data'), ('index', 'Blind index')], max_length=5)),
                ('purpose', models.CharField(max_length=40)),
                ('program_code', models.CharField(blank=True, default='', max_length=40)),
                ('year', models.PositiveSmallIntegerField(default=0)),
                ('slot', models.CharField(blank=True, default='', max_length=1)),
                ('algorithm', models.CharField(max_length=20)),
                ('master_key_id', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
                ('destroyed_at', models.DateTimeField(null=True)),
                ('answers', models.BooleanField(default=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datakey',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "audit_datakeyevent" ("algorithm", "answers", "created_at", "destroyed_at", "id", "kind", "master_key_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_code", "purpose", "retired_at", "slot", "year") SELECT new_values."algorithm", new_values."answers", new_values."created_at", new_values."destroyed_at", new_values."id", new_values."kind", new_values."master_key_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_code", new_values."purpose", new_values."retired_at", new_values."slot", new_values."year" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='df41b3c58eedffbc429e335f295cde048409ef48', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f8870', referencing='REFERENCING NEW TABLE AS new_values ', table='audit_datakey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datakey',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "audit_datakeyevent" ("algorithm", "answers", "created_at", "destroyed_at", "id", "kind", "master_key_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_code", "purpose", "retired_at", "slot", "year") SELECT new_values."algorithm", new_values."answers", new_values."created_at", new_values."destroyed_at", new_values."id", new_values."kind", new_values."master_key_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_code", new_values."purpose", new_values."retired_at", new_values."slot", new_values."year" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."algorithm" IS DISTINCT FROM (new_values."algorithm") OR old_values."answers" IS DISTINCT FROM (new_values."answers") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."destroyed_at" IS DISTINCT FROM (new_values."destroyed_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."kind" IS DISTINCT FROM (new_values."kind") OR old_values."master_key_id" IS DISTINCT FROM (new_values."master_key_id") OR old_values."program_code" IS DISTINCT FROM (new_values."program_code") OR old_values."purpose" IS DISTINCT FROM (new_values."purpose") OR old_values."retired_at" IS DISTINCT FROM (new_values."retired_at") OR old_values."slot" IS DISTINCT FROM (new_values."slot") OR old_values."year" IS DISTINCT FROM (new_values."year")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='31343d8fd309cbdf3d312e6d33246ae3d1a6617a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_e3b9f', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='audit_datakey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datakey',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "audit_datakeyevent" ("algorithm", "answers", "created_at", "destroyed_at", "id", "kind", "master_key_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_code", "purpose", "retired_at", "slot", "year") SELECT old_values."algorithm", old_values."answers", old_values."created_at", old_values."destroyed_at", old_values."id", old_values."kind", old_values."master_key_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_code", old_values."purpose", old_values."retired_at", old_values."slot", old_values."year" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e8c71e9073288e6dff568b10d61c500610a9f73a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_4af05', referencing='REFERENCING OLD TABLE AS old_values ', table='audit_datakey', when='AFTER')),
        ),
        migrations.AddField(
            model_name='datakeyevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='datakeyevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='audit.datakey'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datakeyevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='29de45af5b06d027bb36a9c16f65d3b0f6df6d44', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_167b9', table='audit_datakeyevent', when='BEFORE')),
        ),
    ])]

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_squashed_0002_one_duty_and_true_paths'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [Together([
        migrations.CreateModel(
            name='MembershipProgramEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('program_id', models.BigIntegerField(verbose_name='program')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membershipprogram',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_membershipprogramevent" ("id", "membership_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id") SELECT new_values."id", new_values."membership_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='5be1fc38aae3ce9afcf181513f1e5b5c8ffe828f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e5701', referencing='REFERENCING NEW TABLE AS new_values ', table='accounts_membershipprogram', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membershipprogram',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_membershipprogramevent" ("id", "membership_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id") SELECT new_values."id", new_values."membership_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6f6375e7cba75a5e66305d61c2ed8f2d0f3978b2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_110ad', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_membershipprogram', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membershipprogram',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_membershipprogramevent" ("id", "membership_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id") SELECT old_values."id", old_values."membership_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='77c664c6213c090e53ae46eff6376e3c0bcce91c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_a11af', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_membershipprogram', when='AFTER')),
        ),
        migrations.AddField(
            model_name='membershipprogramevent',
            name='membership',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.membership'),
        ),
        migrations.AddField(
            model_name='membershipprogramevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='membershipprogramevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.membershipprogram'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membershipprogramevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='90db64f56c02673157f91402eeb4058e948f134c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_75d0b', table='accounts_membershipprogramevent', when='BEFORE')),
        ),
    ])]

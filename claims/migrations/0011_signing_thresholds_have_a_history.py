import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0010_rows_are_in_fewer_indexes'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('programs', '0024_an_approved_plan_stays_approved'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [Together([
        migrations.CreateModel(
            name='SigningThresholdEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('second_above', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='second signature above (yuan)')),
                ('third_above', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='third signature above (yuan)')),
                ('state', models.CharField(choices=[('proposed', 'To be approved'), ('in_force', 'In force'), ('dropped', 'Dropped'), ('replaced', 'Replaced')], db_collation='C', default='proposed', max_length=8, verbose_name='state')),
                ('proposed_at', models.DateTimeField(verbose_name='proposed at')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signingthreshold',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "claims_signingthresholdevent" ("decided_at", "decided_by_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "proposed_at", "proposed_by_id", "second_above", "state", "third_above") SELECT new_values."decided_at", new_values."decided_by_id", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id", new_values."proposed_at", new_values."proposed_by_id", new_values."second_above", new_values."state", new_values."third_above" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='000e152be4112fef95da8ea26288ea1df70593f0', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_356ad', referencing='REFERENCING NEW TABLE AS new_values ', table='claims_signingthreshold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signingthreshold',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "claims_signingthresholdevent" ("decided_at", "decided_by_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "proposed_at", "proposed_by_id", "second_above", "state", "third_above") SELECT new_values."decided_at", new_values."decided_by_id", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id", new_values."proposed_at", new_values."proposed_by_id", new_values."second_above", new_values."state", new_values."third_above" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='18150fede052b00418ac63a9145f5f234545b8db', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_be70d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='claims_signingthreshold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signingthreshold',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "claims_signingthresholdevent" ("decided_at", "decided_by_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "proposed_at", "proposed_by_id", "second_above", "state", "third_above") SELECT old_values."decided_at", old_values."decided_by_id", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id", old_values."proposed_at", old_values."proposed_by_id", old_values."second_above", old_values."state", old_values."third_above" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a7ff4fe7bcb0ae6192f788da236d5774991bee41', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ca423', referencing='REFERENCING OLD TABLE AS old_values ', table='claims_signingthreshold', when='AFTER')),
        ),
        migrations.AddField(
            model_name='signingthresholdevent',
            name='decided_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='signingthresholdevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='signingthresholdevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='claims.signingthreshold'),
        ),
        migrations.AddField(
            model_name='signingthresholdevent',
            name='program',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='programs.program', verbose_name='program'),
        ),
        migrations.AddField(
            model_name='signingthresholdevent',
            name='proposed_by',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='proposed by'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signingthresholdevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='f55455e0a0a7df750a8586d96691ea3874bd870f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_aed03', table='claims_signingthresholdevent', when='BEFORE')),
        ),
    ])]

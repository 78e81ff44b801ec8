import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gates', '0007_what_is_reported_twice_is_counted'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StatementDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('accept', "It is this cover's payment"), ('hold', 'Hold the money'), ('reopen', 'Not decided any more')], db_collation='C', max_length=6, verbose_name='decision')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('chosen', models.JSONField(default=dict, verbose_name='rows chosen')),
                ('rows', models.PositiveIntegerField(verbose_name='rows')),
                ('decided_at', models.DateTimeField(verbose_name='decided at')),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who decided')),
                ('statement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='gates.statement', verbose_name='collection statement')),
            ],
            options={
                'verbose_name': 'decision about lines of a statement',
                'verbose_name_plural': 'decisions about lines of statements',
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='statement_decision_has_a_reason'), models.CheckConstraint(condition=models.Q(('kind__in', ['accept', 'hold', 'reopen'])), name='statement_decision_kind_is_known')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementdecision',
            trigger=pgtrigger.compiler.Trigger(name='statement_decision_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='ad54f4126efe721a6f9594110de07f3f2fc18433', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_statement_decision_append_only_1f6cd', table='gates_statementdecision', when='BEFORE')),
        ),
    ]

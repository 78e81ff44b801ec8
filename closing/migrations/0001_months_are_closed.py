import audit.creating
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('programs', '0010_accounting_days_of_what_is_there'),
    ]

    operations = [
        audit.creating.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='MonthClosing',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('month', models.DateField(verbose_name='month')),
                        ('state', models.CharField(choices=[('drawn', 'Drawn up'), ('submitted', 'To be approved'), ('closed', 'Month closed'), ('declined', 'Sent back'), ('withdrawn', 'Withdrawn')], db_collation='C', default='drawn', max_length=9, verbose_name='state')),
                        ('previous_digest', models.CharField(blank=True, db_collation='C', default='', max_length=64)),
                        ('digest', models.CharField(blank=True, db_collation='C', default='', max_length=64)),
                        ('measures', models.JSONField(default=list)),
                        ('open_points', models.JSONField(default=list)),
                        ('postings', models.BigIntegerField(verbose_name='postings')),
                        ('drawn_at', models.DateTimeField(verbose_name='cut-off')),
                        ('submitted_at', models.DateTimeField(null=True, verbose_name='submitted at')),
                        ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                        ('reason', models.CharField(blank=True, default='', max_length=300, verbose_name='reason')),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                        ('drawn_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drawn up by')),
                        ('previous', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='closing.monthclosing', verbose_name='closing of the month before')),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='closings', to='programs.program', verbose_name='program')),
                        ('submitted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='submitted by')),
                    ],
                    options={
                        'verbose_name': 'closing of a month',
                        'verbose_name_plural': 'closings of months',
                        'ordering': ['-id'],
                        'permissions': [('draw_up_month', 'Can draw up months to be closed'), ('close_month', 'Can close months')],
                        'default_permissions': ('view',),
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('drawn', 'submitted'))), fields=('program',), name='month_closing_one_at_a_time'), models.UniqueConstraint(condition=models.Q(('state__in', ['drawn', 'submitted', 'closed'])), fields=('program', 'month'), name='month_closed_once'), models.UniqueConstraint(condition=models.Q(('state__in', ['drawn', 'submitted', 'closed'])), fields=('previous',), name='month_closing_chain'), models.CheckConstraint(condition=models.Q(('month', django.db.models.functions.datetime.Trunc('month', 'month', output_field=models.DateField()))), name='month_closing_is_of_a_month'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['closed', 'declined']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('submitted_by__isnull', False), models.Q(('decided_by', models.F('drawn_by')), _negated=True), models.Q(('decided_by', models.F('submitted_by')), _negated=True)), _connector='OR'), name='month_closed_by_another'), models.CheckConstraint(condition=models.Q(('state', 'drawn'), models.Q(('digest', ''), _negated=True), _connector='OR'), name='month_closing_beyond_drawing_is_whole'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'declined'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='month_declined_with_a_reason')],
                        'triggers': [pgtrigger.compiler.Trigger(name='month_closing_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='98edf6b1790bf11c8a116d9a007d9b9458b44ace', operation='DELETE', pgid='pgtrigger_month_closing_is_kept_d7d89', table='closing_monthclosing', when='BEFORE')), pgtrigger.compiler.Trigger(name='month_closing_stands', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."drawn_at" IS DISTINCT FROM (NEW."drawn_at") OR OLD."drawn_by_id" IS DISTINCT FROM (NEW."drawn_by_id") OR OLD."measures" IS DISTINCT FROM (NEW."measures") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."open_points" IS DISTINCT FROM (NEW."open_points") OR OLD."postings" IS DISTINCT FROM (NEW."postings") OR OLD."previous_id" IS DISTINCT FROM (NEW."previous_id") OR OLD."previous_digest" IS DISTINCT FROM (NEW."previous_digest") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='f68d39f1bd9dadde7ceac3bec7a03802b688d990', operation='UPDATE', pgid='pgtrigger_month_closing_stands_7b01c', table='closing_monthclosing', when='BEFORE')), pgtrigger.compiler.Trigger(name='month_closing_digest_stands', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."digest" > \'\' AND OLD."digest" IS DISTINCT FROM (NEW."digest"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='8f994b965535a58eafd37d9d69c94a95576d07e6', operation='UPDATE', pgid='pgtrigger_month_closing_digest_stands_466f0', table='closing_monthclosing', when='BEFORE')), pgtrigger.compiler.Trigger(name='month_closed_stays_closed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IN (\'closed\', \'declined\', \'withdrawn\'))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='2707cc12585bc590290daae2d0d95d6f611eb0e6', operation='UPDATE', pgid='pgtrigger_month_closed_stays_closed_ed428', table='closing_monthclosing', when='BEFORE')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "closing_monthclosingevent" ("decided_at", "decided_by_id", "digest", "drawn_at", "drawn_by_id", "id", "measures", "month", "open_points", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "postings", "previous_digest", "previous_id", "program_id", "reason", "state", "submitted_at", "submitted_by_id") SELECT new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."drawn_at", new_values."drawn_by_id", new_values."id", new_values."measures", new_values."month", new_values."open_points", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."postings", new_values."previous_digest", new_values."previous_id", new_values."program_id", new_values."reason", new_values."state", new_values."submitted_at", new_values."submitted_by_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a952e85e4eb7be835f575a77c728ce916b693e81', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_10862', referencing='REFERENCING NEW TABLE AS new_values ', table='closing_monthclosing', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "closing_monthclosingevent" ("decided_at", "decided_by_id", "digest", "drawn_at", "drawn_by_id", "id", "measures", "month", "open_points", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "postings", "previous_digest", "previous_id", "program_id", "reason", "state", "submitted_at", "submitted_by_id") SELECT new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."drawn_at", new_values."drawn_by_id", new_values."id", new_values."measures", new_values."month", new_values."open_points", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."postings", new_values."previous_digest", new_values."previous_id", new_values."program_id", new_values."reason", new_values."state", new_values."submitted_at", new_values."submitted_by_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0df36e49b1f975170a3f149c1627a10547ebbba8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_15191', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='closing_monthclosing', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "closing_monthclosingevent" ("decided_at", "decided_by_id", "digest", "drawn_at", "drawn_by_id", "id", "measures", "month", "open_points", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "postings", "previous_digest", "previous_id", "program_id", "reason", "state", "submitted_at", "submitted_by_id") SELECT old_values."decided_at", old_values."decided_by_id", old_values."digest", old_values."drawn_at", old_values."drawn_by_id", old_values."id", old_values."measures", old_values."month", old_values."open_points", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."postings", old_values."previous_digest", old_values."previous_id", old_values."program_id", old_values."reason", old_values."state", old_values."submitted_at", old_values."submitted_by_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='523d94a24af6b049ec0ff50963a364cca0661b51', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_13c9a', referencing='REFERENCING OLD TABLE AS old_values ', table='closing_monthclosing', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='ClosedFigure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('measure', models.CharField(db_collation='C', max_length=40, verbose_name='figure')),
                        ('county', models.CharField(blank=True, db_collation='C', max_length=6, verbose_name='county')),
                        ('county_name', models.CharField(blank=True, max_length=100, verbose_name='name of the county')),
                        ('category_name', models.CharField(blank=True, max_length=60, verbose_name='name of the category')),
                        ('funder_name', models.CharField(blank=True, max_length=100, verbose_name='name of the payer')),
                        ('before', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='before the month')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='in the month')),
                        ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.category', verbose_name='category')),
                        ('funder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.funder', verbose_name='payer')),
                        ('closing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='figures', to='closing.monthclosing', verbose_name='closing of a month')),
                    ],
                    options={
                        'verbose_name': 'figure of a month',
                        'verbose_name_plural': 'figures of months',
                        'ordering': ['id'],
                        'default_permissions': ('view',),
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('closing', 'measure', 'county', 'category', 'funder'), name='closed_figure_once', nulls_distinct=False)],
                        'triggers': [pgtrigger.compiler.Trigger(name='closed_figure_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='71549d510c18ee662a6e6f00bc8f15710b485ba2', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_closed_figure_append_only_ebd9b', table='closing_closedfigure', when='BEFORE')), pgtrigger.compiler.Trigger(name='closed_figure_while_drawn', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF EXISTS (\n        SELECT FROM (SELECT DISTINCT closing_id FROM new_rows) lines JOIN closing_monthclosing c ON c.id = lines.closing_id\n        WHERE c.state <> 'drawn' OR c.digest <> ''\n    ) THEN\n        RAISE EXCEPTION 'the figures of this month stand' USING ERRCODE = 'integrity_constraint_violation';\n    END IF;\n    RETURN NULL;\n", hash='550bfe7cc6359d6b4cbb31c0a3da8d83dd275851', level='STATEMENT', operation='INSERT', pgid='pgtrigger_closed_figure_while_drawn_62082', referencing='REFERENCING NEW TABLE AS new_rows ', table='closing_closedfigure', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='ClosedBalance',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('funder_receivable', 'Premium owed by a funder'), ('funder_received', 'Received from a funder'), ('funder_credit', 'Held for a funder'), ('funder_written_off', 'Not borne by a funder'), ('person_receivable', 'Premium owed by insured persons'), ('own_received', 'Own shares received'), ('insurer_payable', 'Premium owed to the insurer'), ('budget_granted', 'Budget: granted'), ('budget_available', 'Budget: available'), ('budget_reserved', 'Budget: reserved'), ('budget_used', 'Budget: used')], db_collation='C', max_length=20, verbose_name='kind')),
                        ('funder_name', models.CharField(blank=True, max_length=100, verbose_name='funder')),
                        ('tranche', models.CharField(blank=True, max_length=100, verbose_name='tranche')),
                        ('opening', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='at the begin')),
                        ('debits', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='debits')),
                        ('credits', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='credits')),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.ledgeraccount', verbose_name='account')),
                        ('closing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='closing.monthclosing', verbose_name='closing of a month')),
                    ],
                    options={
                        'verbose_name': 'balance of a month',
                        'verbose_name_plural': 'balances of months',
                        'ordering': ['id'],
                        'default_permissions': ('view',),
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('closing', 'account'), name='closed_balance_once')],
                        'triggers': [pgtrigger.compiler.Trigger(name='closed_balance_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='c7055dd8a8cd8321d403114cc8fb314a199a7926', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_closed_balance_append_only_3f4f6', table='closing_closedbalance', when='BEFORE')), pgtrigger.compiler.Trigger(name='closed_balance_while_drawn', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF EXISTS (\n        SELECT FROM (SELECT DISTINCT closing_id FROM new_rows) lines JOIN closing_monthclosing c ON c.id = lines.closing_id\n        WHERE c.state <> 'drawn' OR c.digest <> ''\n    ) THEN\n        RAISE EXCEPTION 'the figures of this month stand' USING ERRCODE = 'integrity_constraint_violation';\n    END IF;\n    RETURN NULL;\n", hash='729128ad278c7ade46987cdda94a61db8973a98d', level='STATEMENT', operation='INSERT', pgid='pgtrigger_closed_balance_while_drawn_4fe6e', referencing='REFERENCING NEW TABLE AS new_rows ', table='closing_closedbalance', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='MonthClosingEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('month', models.DateField(verbose_name='month')),
                        ('state', models.CharField(choices=[('drawn', 'Drawn up'), ('submitted', 'To be approved'), ('closed', 'Month closed'), ('declined', 'Sent back'), ('withdrawn', 'Withdrawn')], db_collation='C', default='drawn', max_length=9, verbose_name='state')),
                        ('previous_digest', models.CharField(blank=True, db_collation='C', default='', max_length=64)),
                        ('digest', models.CharField(blank=True, db_collation='C', default='', max_length=64)),
                        ('measures', models.JSONField(default=list)),
                        ('open_points', models.JSONField(default=list)),
                        ('postings', models.BigIntegerField(verbose_name='postings')),
                        ('drawn_at', models.DateTimeField(verbose_name='cut-off')),
                        ('submitted_at', models.DateTimeField(null=True, verbose_name='submitted at')),
                        ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                        ('reason', models.CharField(blank=True, default='', max_length=300, verbose_name='reason')),
                        ('decided_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                        ('drawn_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drawn up by')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='closing.monthclosing')),
                        ('previous', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='closing.monthclosing', verbose_name='closing of the month before')),
                        ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='programs.program', verbose_name='program')),
                        ('submitted_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='submitted by')),
                    ],
                    options={
                        'abstract': False,
                        'indexes': [],
                        'constraints': [],
                        'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fe5440b8023c4d96a014b495755367daa77ad635', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d9b43', table='closing_monthclosingevent', when='BEFORE'))],
                    },
                ),
            ],
        ),
    ]


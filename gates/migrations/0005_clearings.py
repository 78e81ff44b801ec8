import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from audit.creating import Together


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_squashed_0002_one_duty_and_true_paths'),
        ('beneficiaries', '0023_people_of_spans_are_locked_one_by_one'),
        ('gates', '0004_content_goes_with_its_term'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('programs', '0014_own_payments_are_held'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [Together([
        migrations.CreateModel(
            name='Clearing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region_code', models.CharField(db_collation='C', max_length=12, verbose_name='region')),
                ('kind', models.CharField(choices=[('assign', 'Assignment to covers'), ('return', 'Giving back'), ('reverse', 'Reversal of a payment')], db_collation='C', max_length=7, verbose_name='kind')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('lines_count', models.PositiveIntegerField(verbose_name='lines')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='amount (yuan)')),
                ('digest', models.CharField(db_collation='C', max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'To be approved'), ('approved', 'Under way'), ('done', 'Done'), ('dropped', 'Dropped')], db_collation='C', default='proposed', max_length=8, verbose_name='state')),
                ('done_lines', models.PositiveIntegerField(default=0, verbose_name='lines done')),
                ('done_amount', models.DecimalField(decimal_places=2, default=0, max_digits=16, verbose_name='done (yuan)')),
                ('left_lines', models.PositiveIntegerField(default=0, verbose_name='lines put back')),
                ('left_amount', models.DecimalField(decimal_places=2, default=0, max_digits=16, verbose_name='put back (yuan)')),
                ('proposed_at', models.DateTimeField(verbose_name='put forward at')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='approved or dropped at')),
                ('answer', models.CharField(blank=True, default='', max_length=300, verbose_name='answer')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
            ],
            options={
                'verbose_name': 'clearing of own payments',
                'verbose_name_plural': 'clearings of own payments',
                'ordering': ['-id'],
                'permissions': [('propose_clearing', 'Can propose what becomes of held money, and reversals of payments'), ('approve_clearing', 'Can approve what becomes of held money, and reversals of payments'), ('fetch_clearing', 'Can download lists of money to be given back in the clear')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ClearingEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('region_code', models.CharField(db_collation='C', max_length=12, verbose_name='region')),
                ('kind', models.CharField(choices=[('assign', 'Assignment to covers'), ('return', 'Giving back'), ('reverse', 'Reversal of a payment')], db_collation='C', max_length=7, verbose_name='kind')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('lines_count', models.PositiveIntegerField(verbose_name='lines')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='amount (yuan)')),
                ('digest', models.CharField(db_collation='C', max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'To be approved'), ('approved', 'Under way'), ('done', 'Done'), ('dropped', 'Dropped')], db_collation='C', default='proposed', max_length=8, verbose_name='state')),
                ('done_lines', models.PositiveIntegerField(default=0, verbose_name='lines done')),
                ('done_amount', models.DecimalField(decimal_places=2, default=0, max_digits=16, verbose_name='done (yuan)')),
                ('left_lines', models.PositiveIntegerField(default=0, verbose_name='lines put back')),
                ('left_amount', models.DecimalField(decimal_places=2, default=0, max_digits=16, verbose_name='put back (yuan)')),
                ('proposed_at', models.DateTimeField(verbose_name='put forward at')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='approved or dropped at')),
                ('answer', models.CharField(blank=True, default='', max_length=300, verbose_name='answer')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ClearingLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number of the line')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='amount (yuan)')),
                ('outcome', models.CharField(blank=True, choices=[('', 'Not done yet'), ('done', 'Done'), ('left', 'Put back')], db_collation='C', default='', max_length=4, verbose_name='how it ended')),
                ('why', models.CharField(blank=True, default='', max_length=300, verbose_name='why it was put back')),
                ('reference', models.CharField(blank=True, db_collation='C', default='', max_length=60, verbose_name='reference of the bank')),
                ('settled_on', models.DateField(null=True, verbose_name='given back on')),
            ],
            options={
                'verbose_name': 'line of a clearing',
                'verbose_name_plural': 'lines of clearings',
                'ordering': ['-id'],
                'default_permissions': ('view',),
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='heldpayment',
            name='held_payment_append_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='ownpayment',
            name='own_payment_ends_once',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='ownpayment',
            name='own_payment_stands',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='ownpaymentline',
            name='own_payment_line_append_only',
        ),
        migrations.RemoveConstraint(
            model_name='ownpayment',
            name='own_payment_once',
        ),
        migrations.RemoveConstraint(
            model_name='ownpaymentline',
            name='own_share_paid_once',
        ),
        migrations.AddField(
            model_name='heldpayment',
            name='state',
            field=models.CharField(choices=[('held', 'To be cleared'), ('listed', 'Being cleared'), ('assigned', 'Assigned to a cover'), ('returned', 'Given back'), ('counted', 'Counted in another statement')], db_collation='C', db_default='held', default='held', max_length=8, verbose_name='state'),
        ),
        migrations.AddField(
            model_name='ownpayment',
            name='reversed_amount',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=16, verbose_name='reversed (yuan)'),
        ),
        migrations.AddField(
            model_name='ownpayment',
            name='reversed_people',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='people reversed'),
        ),
        migrations.AlterField(
            model_name='heldpayment',
            name='kind',
            field=models.CharField(choices=[('unknown', 'Paid and not enrolled'), ('twice', 'Paid twice'), ('late', 'Paid too late'), ('ended', 'Cover ended or was taken back'), ('amount', 'Another amount than the own share'), ('early', 'Paid before it was due'), ('doubtful', 'Name or document differs'), ('reported', 'Reported twice by the channel'), ('reversed', 'Payment reversed'), ('other', 'Line with a fault')], db_collation='C', max_length=8, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='ownpayment',
            name='state',
            field=models.CharField(choices=[('recording', 'Being recorded'), ('recorded', 'Recorded'), ('reversed', 'Reversed')], db_collation='C', default='recording', max_length=9, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='heldpayment',
            index=models.Index(fields=['statement', 'state'], name='held_payment_by_statement'),
        ),
        migrations.AddIndex(
            model_name='heldpayment',
            index=models.Index(fields=['state', '-id'], name='held_payment_by_state'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization', verbose_name='office'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='payment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clearings', to='gates.ownpayment', verbose_name='own payment'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='period',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.period', verbose_name='period'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program', verbose_name='program'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='put forward by'),
        ),
        migrations.AddField(
            model_name='clearing',
            name='statement',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clearings', to='gates.statement', verbose_name='collection statement'),
        ),
        migrations.AddField(
            model_name='ownpayment',
            name='clearing',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assigned', to='gates.clearing', verbose_name='clearing'),
        ),
        migrations.AddField(
            model_name='ownpaymentline',
            name='reversed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='gates.clearing', verbose_name='reversed by'),
        ),
        migrations.AddIndex(
            model_name='ownpaymentline',
            index=models.Index(condition=models.Q(('reversed_by__isnull', False)), fields=['enrollment'], name='own_payment_line_reversed'),
        ),
        migrations.AddConstraint(
            model_name='ownpayment',
            constraint=models.UniqueConstraint(condition=models.Q(('clearing__isnull', True), models.Q(('state', 'reversed'), _negated=True)), fields=('program', 'reference'), name='own_payment_once'),
        ),
        migrations.AddConstraint(
            model_name='ownpayment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reversed_amount', 0), ('reversed_people', 0), models.Q(('state', 'reversed'), _negated=True)), models.Q(('people__gte', django.db.models.expressions.CombinedExpression(models.F('left_people'), '+', models.F('reversed_people'))), ('reversed_amount__gt', 0), ('reversed_people__gt', 0), ('state__in', ['recorded', 'reversed'])), _connector='OR'), name='own_payment_reversed_within_it'),
        ),
        migrations.AddConstraint(
            model_name='ownpayment',
            constraint=models.CheckConstraint(condition=models.Q(('statement__isnull', True), ('clearing__isnull', True), _connector='OR'), name='own_payment_is_by_one_file'),
        ),
        migrations.AddConstraint(
            model_name='ownpaymentline',
            constraint=models.UniqueConstraint(condition=models.Q(('reversed_by__isnull', True)), fields=('enrollment',), name='own_share_paid_once'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='decided_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='organization',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='office'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='payment',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='gates.ownpayment', verbose_name='own payment'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='period',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='programs.period', verbose_name='period'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='gates.clearing'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='program',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='programs.program', verbose_name='program'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='proposed_by',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='put forward by'),
        ),
        migrations.AddField(
            model_name='clearingevent',
            name='statement',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='gates.statement', verbose_name='collection statement'),
        ),
        migrations.AddField(
            model_name='clearingline',
            name='clearing',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='gates.clearing', verbose_name='clearing'),
        ),
        migrations.AddField(
            model_name='clearingline',
            name='enrollment',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clearing_lines', to='beneficiaries.enrollment', verbose_name='enrollment'),
        ),
        migrations.AddField(
            model_name='clearingline',
            name='held',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clearing_lines', to='gates.heldpayment', verbose_name='payment held'),
        ),
        migrations.AddField(
            model_name='clearingline',
            name='paid',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clearing_lines', to='gates.ownpaymentline', verbose_name='line of an own payment'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('digest', ''), _negated=True)), name='clearing_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('lines_count__gt', 0)), name='clearing_is_of_something'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['assign', 'return']), ('payment__isnull', True), ('statement__isnull', False)), models.Q(('kind', 'reverse'), ('payment__isnull', False)), _connector='OR'), name='clearing_names_what_it_is_about'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('state', 'proposed')), models.Q(('decided_by__isnull', False), ('state', 'dropped'), models.Q(('answer', ''), _negated=True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['approved', 'done']), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='clearing_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='clearing',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(models.F('done_amount'), '+', models.F('left_amount'))), ('lines_count__gte', django.db.models.expressions.CombinedExpression(models.F('done_lines'), '+', models.F('left_lines'))), models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('ended_at__isnull', False), ('lines_count', django.db.models.expressions.CombinedExpression(models.F('done_lines'), '+', models.F('left_lines')))), _connector='OR')), name='clearing_ends_with_its_lines'),
        ),
        migrations.AddConstraint(
            model_name='clearingline',
            constraint=models.UniqueConstraint(fields=('clearing', 'number'), name='clearing_line_once'),
        ),
        migrations.AddConstraint(
            model_name='clearingline',
            constraint=models.UniqueConstraint(condition=models.Q(('held__isnull', False), ('outcome', '')), fields=('held',), name='held_payment_listed_once'),
        ),
        migrations.AddConstraint(
            model_name='clearingline',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome__in', ['', 'done']), ('paid__isnull', False)), fields=('paid',), name='payment_line_reversed_once'),
        ),
        migrations.AddConstraint(
            model_name='clearingline',
            constraint=models.UniqueConstraint(condition=models.Q(('enrollment__isnull', False)), fields=('clearing', 'enrollment'), name='clearing_line_once_a_cover'),
        ),
        migrations.AddConstraint(
            model_name='clearingline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('held__isnull', False), ('paid__isnull', True)), models.Q(('enrollment__isnull', False), ('held__isnull', True), ('paid__isnull', False)), _connector='OR'), name='clearing_line_is_of_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='clearingline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'left'), models.Q(('why', ''), _negated=True)), models.Q(models.Q(('outcome', 'left'), _negated=True), ('why', '')), _connector='OR'), name='clearing_line_put_back_says_why'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='heldpayment',
            trigger=pgtrigger.compiler.Trigger(name='held_payment_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='041e042d4ff98b68cc9304dad76043d8bf5042fc', operation='DELETE', pgid='pgtrigger_held_payment_is_kept_318ea', table='gates_heldpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='heldpayment',
            trigger=pgtrigger.compiler.Trigger(name='held_payment_stands', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."enrollment_id" IS DISTINCT FROM (NEW."enrollment_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."paid_on" IS DISTINCT FROM (NEW."paid_on") OR OLD."period_id" IS DISTINCT FROM (NEW."period_id") OR OLD."row_id" IS DISTINCT FROM (NEW."row_id") OR OLD."statement_id" IS DISTINCT FROM (NEW."statement_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='8fd074370130545a23543f34397f440a07d09553', operation='UPDATE', pgid='pgtrigger_held_payment_stands_43259', table='gates_heldpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ownpayment',
            trigger=pgtrigger.compiler.Trigger(name='own_payment_stands', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."clearing_id" IS DISTINCT FROM (NEW."clearing_id") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at") OR OLD."made_by_id" IS DISTINCT FROM (NEW."made_by_id") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."paid_on" IS DISTINCT FROM (NEW."paid_on") OR OLD."people" IS DISTINCT FROM (NEW."people") OR OLD."period_id" IS DISTINCT FROM (NEW."period_id") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."region_code" IS DISTINCT FROM (NEW."region_code") OR OLD."sponsor_id" IS DISTINCT FROM (NEW."sponsor_id") OR OLD."statement_id" IS DISTINCT FROM (NEW."statement_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='ccabb1eacfb8ea7685622167b135c5fa276fb82f', operation='UPDATE', pgid='pgtrigger_own_payment_stands_f1da0', table='gates_ownpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ownpayment',
            trigger=pgtrigger.compiler.Trigger(name='own_payment_ends_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state <> 'recording' AND (NEW.state = 'recording' OR OLD.state = 'reversed' OR NEW.left_people <> OLD.left_people OR NEW.left_amount <> OLD.left_amount OR NEW.reversed_people < OLD.reversed_people OR NEW.reversed_amount < OLD.reversed_amount))", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='7118ddd2e4f016019e02c28a1abf0bfd28f9b5ea', operation='UPDATE', pgid='pgtrigger_own_payment_ends_once_54b06', table='gates_ownpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ownpaymentline',
            trigger=pgtrigger.compiler.Trigger(name='own_payment_line_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='ee126bbe82804c614d6f759d29b8b48e39c4cdd6', operation='DELETE', pgid='pgtrigger_own_payment_line_is_kept_0f0c2', table='gates_ownpaymentline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='ownpaymentline',
            trigger=pgtrigger.compiler.Trigger(name='own_payment_line_stands', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.reversed_by_id IS NOT NULL OR NEW.payment_id <> OLD.payment_id OR NEW.enrollment_id <> OLD.enrollment_id OR NEW.amount <> OLD.amount OR NEW.row_id IS DISTINCT FROM OLD.row_id)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6024e0996aba4155765f0737c5254ae16ca42c70', operation='UPDATE', pgid='pgtrigger_own_payment_line_stands_baeb0', table='gates_ownpaymentline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='clearing_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='dcd20034e0322caec848a76123cf64faea7f88aa', operation='DELETE', pgid='pgtrigger_clearing_is_kept_78306', table='gates_clearing', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='clearing_stays_what_was_proposed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."lines_count" IS DISTINCT FROM (NEW."lines_count") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."payment_id" IS DISTINCT FROM (NEW."payment_id") OR OLD."period_id" IS DISTINCT FROM (NEW."period_id") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."region_code" IS DISTINCT FROM (NEW."region_code") OR OLD."statement_id" IS DISTINCT FROM (NEW."statement_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='3c4ff264d4444abb69c7d995df453359a935de8d', operation='UPDATE', pgid='pgtrigger_clearing_stays_what_was_proposed_5638c', table='gates_clearing', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='clearing_is_decided_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state = 'dropped' OR (OLD.state <> 'proposed' AND (NEW.state IN ('proposed', 'dropped') OR NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id)))", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='eb32941ac84949b19345a00caa8ece31fcabe60d', operation='UPDATE', pgid='pgtrigger_clearing_is_decided_once_cd1b3', table='gates_clearing', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "gates_clearingevent" ("amount", "answer", "decided_at", "decided_by_id", "digest", "done_amount", "done_lines", "ended_at", "id", "kind", "left_amount", "left_lines", "lines_count", "organization_id", "payment_id", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "proposed_at", "proposed_by_id", "reason", "region_code", "state", "statement_id") SELECT new_values."amount", new_values."answer", new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."done_amount", new_values."done_lines", new_values."ended_at", new_values."id", new_values."kind", new_values."left_amount", new_values."left_lines", new_values."lines_count", new_values."organization_id", new_values."payment_id", new_values."period_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id", new_values."proposed_at", new_values."proposed_by_id", new_values."reason", new_values."region_code", new_values."state", new_values."statement_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9442ee0a564ea96737182f31bd4b082975085b0c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_9f676', referencing='REFERENCING NEW TABLE AS new_values ', table='gates_clearing', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "gates_clearingevent" ("amount", "answer", "decided_at", "decided_by_id", "digest", "done_amount", "done_lines", "ended_at", "id", "kind", "left_amount", "left_lines", "lines_count", "organization_id", "payment_id", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "proposed_at", "proposed_by_id", "reason", "region_code", "state", "statement_id") SELECT new_values."amount", new_values."answer", new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."done_amount", new_values."done_lines", new_values."ended_at", new_values."id", new_values."kind", new_values."left_amount", new_values."left_lines", new_values."lines_count", new_values."organization_id", new_values."payment_id", new_values."period_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id", new_values."proposed_at", new_values."proposed_by_id", new_values."reason", new_values."region_code", new_values."state", new_values."statement_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0ad8562ced722f7dfda8258a595b75e488a38bca', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_b6974', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='gates_clearing', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearing',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "gates_clearingevent" ("amount", "answer", "decided_at", "decided_by_id", "digest", "done_amount", "done_lines", "ended_at", "id", "kind", "left_amount", "left_lines", "lines_count", "organization_id", "payment_id", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "proposed_at", "proposed_by_id", "reason", "region_code", "state", "statement_id") SELECT old_values."amount", old_values."answer", old_values."decided_at", old_values."decided_by_id", old_values."digest", old_values."done_amount", old_values."done_lines", old_values."ended_at", old_values."id", old_values."kind", old_values."left_amount", old_values."left_lines", old_values."lines_count", old_values."organization_id", old_values."payment_id", old_values."period_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id", old_values."proposed_at", old_values."proposed_by_id", old_values."reason", old_values."region_code", old_values."state", old_values."statement_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='c6292cf5c62574a663a9796f3a16affd3541b13e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7d680', referencing='REFERENCING OLD TABLE AS old_values ', table='gates_clearing', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearingevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='523dee8eccf2b6076595c8dffee2e081e6b255c0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_73a5e', table='gates_clearingevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearingline',
            trigger=pgtrigger.compiler.Trigger(name='clearing_line_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='8d1a7ea852a60c8860019184b08f3bcd8696f068', operation='DELETE', pgid='pgtrigger_clearing_line_is_kept_42d95', table='gates_clearingline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clearingline',
            trigger=pgtrigger.compiler.Trigger(name='clearing_line_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."clearing_id" IS DISTINCT FROM (NEW."clearing_id") OR OLD."enrollment_id" IS DISTINCT FROM (NEW."enrollment_id") OR OLD."held_id" IS DISTINCT FROM (NEW."held_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."paid_id" IS DISTINCT FROM (NEW."paid_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='22dc99fc342f340654baae4df18d4e9a42b5c091', operation='UPDATE', pgid='pgtrigger_clearing_line_stays_316a3', table='gates_clearingline', when='BEFORE')),
        ),
    ])]

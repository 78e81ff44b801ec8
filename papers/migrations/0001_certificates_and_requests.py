import audit.creating
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0002_one_duty_and_true_paths'),
        ('accounts', '__first__'),
        ('beneficiaries', '0015_processing_of_people_can_be_restricted'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('programs', '0007_own_shares_are_received'),
    ]

    operations = [
        audit.creating.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Printing',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region')),
                        ('purpose', models.CharField(max_length=300, verbose_name='purpose and recipient')),
                        ('state', models.CharField(choices=[('asked', 'To approve'), ('declined', 'Declined'), ('writing', 'Being written'), ('ready', 'Ready'), ('sent', 'Handed over'), ('cancelled', 'Cancelled'), ('expired', 'Deleted at the end of its time')], db_collation='C', default='asked', max_length=9, verbose_name='state')),
                        ('people', models.IntegerField(verbose_name='people')),
                        ('villages', models.IntegerField(verbose_name='villages')),
                        ('size', models.BigIntegerField(help_text='Bytes.', null=True, verbose_name='size')),
                        ('digest', models.CharField(blank=True, db_collation='C', default='', max_length=64, verbose_name='digest')),
                        ('folder', models.CharField(blank=True, db_collation='C', default='', max_length=60)),
                        ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                        ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                        ('reason', models.CharField(blank=True, default='', max_length=300, verbose_name='reason for the refusal')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                        ('purge_on', models.DateField(null=True, verbose_name='kept until')),
                        ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                        ('enrollment', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='printings', to='beneficiaries.enrollment', verbose_name='enrollment')),
                        ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization', verbose_name='office')),
                        ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.period', verbose_name='period')),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program', verbose_name='program')),
                        ('roster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='beneficiaries.roster', verbose_name='roster')),
                    ],
                    options={
                        'verbose_name': 'printing of certificates',
                        'verbose_name_plural': 'printings of certificates',
                        'ordering': ['-id'],
                        'permissions': [('print_certificate', 'Can print certificates of cover'), ('approve_printing', 'Can approve printings of many certificates')],
                        'default_permissions': ('view',),
                        'indexes': [models.Index(fields=['asked_by', '-id'], name='printing_by_asker'), models.Index(condition=models.Q(('purge_on__isnull', False), ('purged_at', None)), fields=['purge_on'], name='printing_to_purge')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='printing_approved_by_another'), models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'declined', 'sent', 'cancelled']), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('enrollment__isnull', True)), _connector='OR'), name='printing_of_many_is_approved'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), models.Q(('enrollment__isnull', False), ('people', 1)), _connector='OR'), name='printing_sent_is_of_one_person'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['ready', 'sent']), _negated=True), models.Q(('ended_at__isnull', False), ('size__gt', 0), models.Q(('digest', ''), _negated=True)), _connector='OR'), name='printing_file_is_whole'), models.CheckConstraint(condition=models.Q(('purpose', ''), _negated=True), name='printing_has_a_purpose'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'declined'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='printing_declined_with_a_reason'), models.CheckConstraint(condition=models.Q(('folder', ''), ('purge_on__isnull', False), _connector='OR'), name='printing_kept_has_an_end')],
                        'triggers': [pgtrigger.compiler.Trigger(name='printing_is_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='da548f85c9c83cbd61a4144252a00f833358f701', operation='DELETE', pgid='pgtrigger_printing_is_kept_c38d8', table='papers_printing', when='BEFORE')), pgtrigger.compiler.Trigger(name='printing_stays_what_was_asked', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."asked_at" IS DISTINCT FROM (NEW."asked_at") OR OLD."asked_by_id" IS DISTINCT FROM (NEW."asked_by_id") OR OLD."enrollment_id" IS DISTINCT FROM (NEW."enrollment_id") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."period_id" IS DISTINCT FROM (NEW."period_id") OR OLD."program_id" IS DISTINCT FROM (NEW."program_id") OR OLD."purpose" IS DISTINCT FROM (NEW."purpose") OR OLD."region_code" IS DISTINCT FROM (NEW."region_code") OR OLD."roster_id" IS DISTINCT FROM (NEW."roster_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='9899e9f016dd3e52178a4869fff2a98a5222def3', operation='UPDATE', pgid='pgtrigger_printing_stays_what_was_asked_09730', table='papers_printing', when='BEFORE')), pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "papers_printingevent" ("asked_at", "asked_by_id", "decided_at", "decided_by_id", "digest", "ended_at", "enrollment_id", "folder", "id", "organization_id", "people", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "purge_on", "purged_at", "purpose", "reason", "region_code", "roster_id", "size", "state", "villages") SELECT new_values."asked_at", new_values."asked_by_id", new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."ended_at", new_values."enrollment_id", new_values."folder", new_values."id", new_values."organization_id", new_values."people", new_values."period_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."program_id", new_values."purge_on", new_values."purged_at", new_values."purpose", new_values."reason", new_values."region_code", new_values."roster_id", new_values."size", new_values."state", new_values."villages" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='50c210a877532649fa9040bfbfa32e70705b3967', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_df6cf', referencing='REFERENCING NEW TABLE AS new_values ', table='papers_printing', when='AFTER')), pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "papers_printingevent" ("asked_at", "asked_by_id", "decided_at", "decided_by_id", "digest", "ended_at", "enrollment_id", "folder", "id", "organization_id", "people", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "purge_on", "purged_at", "purpose", "reason", "region_code", "roster_id", "size", "state", "villages") SELECT new_values."asked_at", new_values."asked_by_id", new_values."decided_at", new_values."decided_by_id", new_values."digest", new_values."ended_at", new_values."enrollment_id", new_values."folder", new_values."id", new_values."organization_id", new_values."people", new_values."period_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."program_id", new_values."purge_on", new_values."purged_at", new_values."purpose", new_values."reason", new_values."region_code", new_values."roster_id", new_values."size", new_values."state", new_values."villages" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='fd41324748abf02e4550a274cf03fcbeb3d6195f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_e10b0', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='papers_printing', when='AFTER')), pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "papers_printingevent" ("asked_at", "asked_by_id", "decided_at", "decided_by_id", "digest", "ended_at", "enrollment_id", "folder", "id", "organization_id", "people", "period_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "program_id", "purge_on", "purged_at", "purpose", "reason", "region_code", "roster_id", "size", "state", "villages") SELECT old_values."asked_at", old_values."asked_by_id", old_values."decided_at", old_values."decided_by_id", old_values."digest", old_values."ended_at", old_values."enrollment_id", old_values."folder", old_values."id", old_values."organization_id", old_values."people", old_values."period_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."program_id", old_values."purge_on", old_values."purged_at", old_values."purpose", old_values."reason", old_values."region_code", old_values."roster_id", old_values."size", old_values."state", old_values."villages" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='079d2c3c851e7ef819d3a53a326707458909b170', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2660f', referencing='REFERENCING OLD TABLE AS old_values ', table='papers_printing', when='AFTER'))],
                    },
                ),
                migrations.CreateModel(
                    name='PrintedPart',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField()),
                        ('region_code', models.CharField(db_collation='C', max_length=12)),
                        ('stretch', models.PositiveSmallIntegerField()),
                        ('last_id', models.BigIntegerField()),
                        ('people', models.PositiveIntegerField()),
                        ('size', models.BigIntegerField()),
                        ('sha256', models.CharField(db_collation='C', max_length=64)),
                        ('storage_key', models.CharField(db_collation='C', max_length=120, unique=True)),
                        ('printing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='papers.printing')),
                    ],
                    options={
                        'verbose_name': 'part of a printing',
                        'verbose_name_plural': 'parts of printings',
                        'ordering': ['printing', 'number'],
                        'constraints': [models.UniqueConstraint(fields=('printing', 'number'), name='printed_part_once')],
                    },
                ),
                migrations.CreateModel(
                    name='PrintingEvent',
                    fields=[
                        ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                        ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                        ('pgh_label', models.TextField(help_text='The event label.')),
                        ('id', models.BigIntegerField()),
                        ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region')),
                        ('purpose', models.CharField(max_length=300, verbose_name='purpose and recipient')),
                        ('state', models.CharField(choices=[('asked', 'To approve'), ('declined', 'Declined'), ('writing', 'Being written'), ('ready', 'Ready'), ('sent', 'Handed over'), ('cancelled', 'Cancelled'), ('expired', 'Deleted at the end of its time')], db_collation='C', default='asked', max_length=9, verbose_name='state')),
                        ('people', models.IntegerField(verbose_name='people')),
                        ('villages', models.IntegerField(verbose_name='villages')),
                        ('size', models.BigIntegerField(help_text='Bytes.', null=True, verbose_name='size')),
                        ('digest', models.CharField(blank=True, db_collation='C', default='', max_length=64, verbose_name='digest')),
                        ('folder', models.CharField(blank=True, db_collation='C', default='', max_length=60)),
                        ('asked_at', models.DateTimeField(verbose_name='asked for at')),
                        ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                        ('reason', models.CharField(blank=True, default='', max_length=300, verbose_name='reason for the refusal')),
                        ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                        ('purge_on', models.DateField(null=True, verbose_name='kept until')),
                        ('purged_at', models.DateTimeField(null=True, verbose_name='deleted at')),
                        ('asked_by', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                        ('decided_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                        ('enrollment', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='beneficiaries.enrollment', verbose_name='enrollment')),
                        ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='office')),
                        ('period', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='programs.period', verbose_name='period')),
                        ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                        ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='papers.printing')),
                        ('program', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='programs.program', verbose_name='program')),
                        ('roster', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='beneficiaries.roster', verbose_name='roster')),
                    ],
                    options={
                        'abstract': False,
                        'triggers': [pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='034c8531d023c6be7b176339cc64e8c21634a1ae', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_92c7e', table='papers_printingevent', when='BEFORE'))],
                    },
                ),
                migrations.CreateModel(
                    name='CertificateWording',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('how_to_claim', models.TextField(max_length=400, verbose_name='how to claim')),
                        ('phone', models.CharField(max_length=40, verbose_name='telephone')),
                        ('written_at', models.DateTimeField(verbose_name='written at')),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificate_wordings', to='programs.program', verbose_name='program')),
                        ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                    ],
                    options={
                        'verbose_name': 'wording of certificates',
                        'verbose_name_plural': 'wordings of certificates',
                        'ordering': ['-id'],
                        'permissions': [('write_wording', 'Can write what certificates say')],
                        'default_permissions': ('view',),
                        'indexes': [models.Index(fields=['program', '-id'], name='certificate_wording_newest')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('how_to_claim', ''), _negated=True), models.Q(('phone', ''), _negated=True)), name='certificate_wording_says_something')],
                        'triggers': [pgtrigger.compiler.Trigger(name='certificate_wording_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';", hash='e1462a861d97a2c0202ff479593b08de42df692d', level='STATEMENT', operation='UPDATE OR DELETE', pgid='pgtrigger_certificate_wording_append_only_6df24', table='papers_certificatewording', when='BEFORE'))],
                    },
                ),
            ],
        ),
    ]

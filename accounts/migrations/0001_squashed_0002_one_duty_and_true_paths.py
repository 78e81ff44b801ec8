"""Regions, organizations, users and their roles. Stands for the room's first two migrations."""

import audit.creating
import audit.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_one_duty_and_true_paths'),
    ]

    initial = True

    dependencies = [
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        audit.creating.CreateModels([
            migrations.CreateModel(
                name='Region',
                fields=[
                    ('code', models.CharField(db_collation='C', max_length=12, primary_key=True, serialize=False, verbose_name='code')),
                    ('name', models.CharField(max_length=100, verbose_name='name')),
                    ('full_name', models.CharField(max_length=300, verbose_name='full name')),
                    ('level', models.PositiveSmallIntegerField(choices=[(2, 'Province'), (4, 'City'), (6, 'County or district'), (9, 'Town or street'), (12, 'Village or community')], verbose_name='level')),
                    ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                    ('valid_to', models.DateField(blank=True, help_text='The first day on which it no longer exists.', null=True, verbose_name='valid to')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='accounts.region', verbose_name='part of')),
                    ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='accounts.region', verbose_name='successor')),
                ],
                options={
                    'verbose_name': 'region',
                    'verbose_name_plural': 'regions',
                    'ordering': ['code'],
                    'permissions': [
                        ('import_region', 'Can import regions'),
                        ('export_region', 'Can export regions'),
                    ],
                    'indexes': [
                        models.Index(fields=['name'], name='region_by_name'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('code__regex', '^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$')), name='region_code_is_digits'),
                        models.CheckConstraint(condition=models.Q(('level', django.db.models.functions.text.Length('code'))), name='region_level_is_code_length'),
                        models.CheckConstraint(condition=models.Q(models.Q(('level', 2), ('parent__isnull', True)), models.Q(('level', 4), ('parent', django.db.models.functions.text.Left('code', 2)), ('parent__isnull', False)), models.Q(('level', 6), ('parent', django.db.models.functions.text.Left('code', 4)), ('parent__isnull', False)), models.Q(('level', 9), ('parent', django.db.models.functions.text.Left('code', 6)), ('parent__isnull', False)), models.Q(('level', 12), ('parent', django.db.models.functions.text.Left('code', 9)), ('parent__isnull', False)), _connector='OR'), name='region_parent_is_code_prefix'),
                        models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_to__isnull', True), ('valid_to__gt', models.F('valid_from')), _connector='OR'), name='region_ends_after_it_begins'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_regionevent" ("code", "full_name", "level", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "successor_id", "valid_from", "valid_to") SELECT new_values."code", new_values."full_name", new_values."level", new_values."name", new_values."parent_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."code", new_values."successor_id", new_values."valid_from", new_values."valid_to" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c81f73780e21b3622ee04f93dba4eae0c07b61e9', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_088ac', referencing='REFERENCING NEW TABLE AS new_values ', table='accounts_region', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_regionevent" ("code", "full_name", "level", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "successor_id", "valid_from", "valid_to") SELECT new_values."code", new_values."full_name", new_values."level", new_values."name", new_values."parent_id", _pgh_attached_context.value, NOW(), \'update\', new_values."code", new_values."successor_id", new_values."valid_from", new_values."valid_to" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."code") = (new_values."code") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='29d32c4ed9a4c611f4b6e4a4b7011d30248428bd', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_35657', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_region', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_regionevent" ("code", "full_name", "level", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "successor_id", "valid_from", "valid_to") SELECT old_values."code", old_values."full_name", old_values."level", old_values."name", old_values."parent_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."code", old_values."successor_id", old_values."valid_from", old_values."valid_to" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='30f1b4c4e007865de37ed4ff8e9c6e59e9136cd2', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_8bbfe', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_region', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Organization',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=200, verbose_name='name')),
                    ('short_name', models.CharField(blank=True, max_length=60, verbose_name='short name')),
                    ('kind', models.CharField(choices=[('government', 'Government office'), ('charity', 'Charity'), ('insurer', 'Insurer'), ('platform', 'Platform'), ('hospital', 'Hospital'), ('operator', 'Operator')], max_length=12, verbose_name='kind')),
                    ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region code')),
                    ('parent_path', models.CharField(db_collation='C', default='/', editable=False, max_length=500)),
                    ('path', models.CharField(db_collation='C', editable=False, max_length=500, unique=True, verbose_name='path')),
                    ('uscc', models.CharField(blank=True, db_collation='C', default='', max_length=18, verbose_name='unified social credit code')),
                    ('active', models.BooleanField(default=True, verbose_name='active')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='accounts.organization', verbose_name='part of')),
                    ('region', models.ForeignKey(blank=True, help_text='Empty: the whole country.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='organizations', to='accounts.region', verbose_name='region')),
                ],
                options={
                    'verbose_name': 'organization',
                    'verbose_name_plural': 'organizations',
                    'ordering': ['path'],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('path', django.db.models.functions.text.Concat('parent_path', django.db.models.functions.comparison.Cast('id', models.CharField()), models.Value('/')))), name='organization_path_ends_in_own_id'),
                        models.CheckConstraint(condition=models.Q(('parent__isnull', False), ('parent_path', '/'), _connector='OR'), name='organization_root_has_root_path'),
                        models.CheckConstraint(condition=models.Q(('region_code', django.db.models.functions.comparison.Coalesce('region', models.Value(''), output_field=models.CharField()))), name='organization_region_code_is_region'),
                        models.UniqueConstraint(fields=('id', 'path'), name='organization_id_and_path'),
                        models.UniqueConstraint(condition=models.Q(('uscc', ''), _negated=True), fields=('uscc',), name='organization_uscc_once'),
                        models.UniqueConstraint(fields=('parent_path', 'name'), name='organization_name_once_below_parent'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_organizationevent" ("active", "id", "kind", "name", "parent_id", "parent_path", "path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region_code", "region_id", "short_name", "uscc") SELECT new_values."active", new_values."id", new_values."kind", new_values."name", new_values."parent_id", new_values."parent_path", new_values."path", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."region_code", new_values."region_id", new_values."short_name", new_values."uscc" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f39bc434b069a63a37adb89fbcafe98332939814', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_6d17a', referencing='REFERENCING NEW TABLE AS new_values ', table='accounts_organization', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_organizationevent" ("active", "id", "kind", "name", "parent_id", "parent_path", "path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region_code", "region_id", "short_name", "uscc") SELECT new_values."active", new_values."id", new_values."kind", new_values."name", new_values."parent_id", new_values."parent_path", new_values."path", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."region_code", new_values."region_id", new_values."short_name", new_values."uscc" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='5cfe8d12a5eb35fb905ab61c9492d38474fc3d9d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_df7c2', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_organization', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_organizationevent" ("active", "id", "kind", "name", "parent_id", "parent_path", "path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region_code", "region_id", "short_name", "uscc") SELECT old_values."active", old_values."id", old_values."kind", old_values."name", old_values."parent_id", old_values."parent_path", old_values."path", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."region_code", old_values."region_id", old_values."short_name", old_values."uscc" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5b100c3b4ac11affd6411ae09a4fa7809aefdc02', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_c7034', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_organization', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('username', models.CharField(db_collation='C', error_messages={'unique': 'This user name is already in use.'}, max_length=64, unique=True, verbose_name='user name')),
                    ('display_name', models.CharField(max_length=60, verbose_name='name')),
                    ('phone', audit.fields.SealedTextField(blank=True, editable=True, logical_name='user.phone', null=True, purpose='staff', verbose_name='phone')),
                    ('duty', models.CharField(blank=True, choices=[('making', 'Making'), ('checking', 'Checking'), ('auditing', 'Auditing'), ('security', 'Security administration'), ('system', 'System administration')], db_collation='C', max_length=10, null=True, verbose_name='duty')),
                    ('is_active', models.BooleanField(default=True, verbose_name='active')),
                    ('session_version', models.PositiveIntegerField(default=1, editable=False)),
                    ('must_change_password', models.BooleanField(default=True, verbose_name='must change the password')),
                    ('password_changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='password changed at')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created at')),
                    ('deactivated_at', models.DateTimeField(blank=True, null=True, verbose_name='deactivated at')),
                    ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='users', to='accounts.organization', verbose_name='organization')),
                ],
                options={
                    'verbose_name': 'user',
                    'verbose_name_plural': 'users',
                    'ordering': ['username'],
                    'permissions': [
                        ('deactivate_user', 'Can deactivate users'),
                        ('reset_password', 'Can reset passwords'),
                        ('unlock_user', 'Can unlock users'),
                        ('reset_second_factor', 'Can reset second factors'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('username__regex', '^[a-z0-9][a-z0-9._-]{2,63}$')), name='user_name_is_plain'),
                        models.CheckConstraint(condition=models.Q(('duty__isnull', True), ('duty__in', ['making', 'checking', 'auditing', 'security', 'system']), _connector='OR'), name='user_duty_is_known'),
                        models.UniqueConstraint(fields=('id', 'duty'), name='user_id_and_duty'),
                        models.CheckConstraint(condition=models.Q(models.Q(('deactivated_at__isnull', True), ('is_active', True)), models.Q(('deactivated_at__isnull', False), ('is_active', False)), _connector='OR'), name='user_inactive_since_deactivation'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_userevent" ("created_at", "deactivated_at", "display_name", "duty", "id", "is_active", "must_change_password", "organization_id", "password_changed_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "session_version", "username") SELECT new_values."created_at", new_values."deactivated_at", new_values."display_name", new_values."duty", new_values."id", new_values."is_active", new_values."must_change_password", new_values."organization_id", new_values."password_changed_at", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."phone", new_values."session_version", new_values."username" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f4967cd7be791675a05784034f529ed9123fc409', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_3867c', referencing='REFERENCING NEW TABLE AS new_values ', table='accounts_user', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_userevent" ("created_at", "deactivated_at", "display_name", "duty", "id", "is_active", "must_change_password", "organization_id", "password_changed_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "session_version", "username") SELECT new_values."created_at", new_values."deactivated_at", new_values."display_name", new_values."duty", new_values."id", new_values."is_active", new_values."must_change_password", new_values."organization_id", new_values."password_changed_at", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."phone", new_values."session_version", new_values."username" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."deactivated_at" IS DISTINCT FROM (new_values."deactivated_at") OR old_values."display_name" IS DISTINCT FROM (new_values."display_name") OR old_values."duty" IS DISTINCT FROM (new_values."duty") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."must_change_password" IS DISTINCT FROM (new_values."must_change_password") OR old_values."organization_id" IS DISTINCT FROM (new_values."organization_id") OR old_values."password_changed_at" IS DISTINCT FROM (new_values."password_changed_at") OR old_values."phone" IS DISTINCT FROM (new_values."phone") OR old_values."session_version" IS DISTINCT FROM (new_values."session_version") OR old_values."username" IS DISTINCT FROM (new_values."username")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='8780e18dbad5f9e4aba3f62af9a459de7756cb20', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_0e890', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_user', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_userevent" ("created_at", "deactivated_at", "display_name", "duty", "id", "is_active", "must_change_password", "organization_id", "password_changed_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "session_version", "username") SELECT old_values."created_at", old_values."deactivated_at", old_values."display_name", old_values."duty", old_values."id", old_values."is_active", old_values."must_change_password", old_values."organization_id", old_values."password_changed_at", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."phone", old_values."session_version", old_values."username" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9ddbfbdf8019e6509481245a8a6f7b9e0bffb5ed', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_19f14', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_user', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Membership',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('role', models.CharField(choices=[('clerk', 'Clerk'), ('reviewer', 'Reviewer'), ('finance_maker', 'Finance maker'), ('finance_checker', 'Finance checker'), ('auditor', 'Auditor'), ('security_admin', 'Security administrator'), ('system_admin', 'System administrator')], db_collation='C', max_length=20, verbose_name='role')),
                    ('duty', models.CharField(choices=[('making', 'Making'), ('checking', 'Checking'), ('auditing', 'Auditing'), ('security', 'Security administration'), ('system', 'System administration')], db_collation='C', editable=False, max_length=10, null=True, verbose_name='duty')),
                    ('region_prefix', models.CharField(blank=True, db_collation='C', default='', help_text='Region code; empty: the whole country.', max_length=12, verbose_name='region')),
                    ('every_program', models.BooleanField(default=True, verbose_name='all programs')),
                    ('granted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='granted at')),
                    ('expires_on', models.DateField(blank=True, help_text='The first day on which it no longer holds.', null=True, verbose_name='expires on')),
                    ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                    ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships_granted', to=settings.AUTH_USER_MODEL, verbose_name='granted by')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                    ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.organization', verbose_name='organization')),
                ],
                options={
                    'verbose_name': 'membership',
                    'verbose_name_plural': 'memberships',
                    'ordering': ['user__username', 'role', 'id'],
                    'permissions': [
                        ('grant_membership', 'Can grant roles'),
                        ('end_membership', 'Can end memberships'),
                    ],
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(models.Q(('duty__isnull', True), ('ended_at__isnull', False)), models.Q(('duty', 'making'), ('duty__isnull', False), ('ended_at__isnull', True), ('role__in', ['clerk', 'finance_maker'])), models.Q(('duty', 'checking'), ('duty__isnull', False), ('ended_at__isnull', True), ('role__in', ['finance_checker', 'reviewer'])), models.Q(('duty', 'auditing'), ('duty__isnull', False), ('ended_at__isnull', True), ('role__in', ['auditor'])), models.Q(('duty', 'security'), ('duty__isnull', False), ('ended_at__isnull', True), ('role__in', ['security_admin'])), models.Q(('duty', 'system'), ('duty__isnull', False), ('ended_at__isnull', True), ('role__in', ['system_admin'])), _connector='OR'), name='membership_duty_is_role_duty_until_ended'),
                        models.CheckConstraint(condition=models.Q(('region_prefix__regex', '^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$')), name='membership_region_prefix_is_code'),
                        models.CheckConstraint(condition=models.Q(('expires_on__isnull', True), ('expires_on__gt', django.db.models.functions.datetime.TruncDate('granted_at')), _connector='OR'), name='membership_expires_after_grant'),
                        models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('granted_at')), _connector='OR'), name='membership_ends_after_grant'),
                        models.CheckConstraint(condition=models.Q(('granted_by__isnull', True), models.Q(('granted_by', models.F('user')), _negated=True), _connector='OR'), name='membership_not_granted_to_oneself'),
                        models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('user', 'organization', 'role', 'region_prefix'), name='membership_live_once'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_membershipevent" ("duty", "ended_at", "every_program", "expires_on", "granted_at", "granted_by_id", "id", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region_prefix", "role", "user_id") SELECT new_values."duty", new_values."ended_at", new_values."every_program", new_values."expires_on", new_values."granted_at", new_values."granted_by_id", new_values."id", new_values."organization_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."region_prefix", new_values."role", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='18558729d4fd2965700e6c3e8ee3b12a6c21ce30', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_fc05a', referencing='REFERENCING NEW TABLE AS new_values ', table='accounts_membership', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_membershipevent" ("duty", "ended_at", "every_program", "expires_on", "granted_at", "granted_by_id", "id", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region_prefix", "role", "user_id") SELECT new_values."duty", new_values."ended_at", new_values."every_program", new_values."expires_on", new_values."granted_at", new_values."granted_by_id", new_values."id", new_values."organization_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."region_prefix", new_values."role", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f129e5d57d10b4017c18dd041c140f5ce472ba21', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_20ab5', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_membership', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_membershipevent" ("duty", "ended_at", "every_program", "expires_on", "granted_at", "granted_by_id", "id", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region_prefix", "role", "user_id") SELECT old_values."duty", old_values."ended_at", old_values."every_program", old_values."expires_on", old_values."granted_at", old_values."granted_by_id", old_values."id", old_values."organization_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."region_prefix", old_values."role", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='be63c07e504402214ae8f4fac07ec5234acb451f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_19a8f', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_membership', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='MembershipEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('role', models.CharField(choices=[('clerk', 'Clerk'), ('reviewer', 'Reviewer'), ('finance_maker', 'Finance maker'), ('finance_checker', 'Finance checker'), ('auditor', 'Auditor'), ('security_admin', 'Security administrator'), ('system_admin', 'System administrator')], db_collation='C', max_length=20, verbose_name='role')),
                    ('duty', models.CharField(choices=[('making', 'Making'), ('checking', 'Checking'), ('auditing', 'Auditing'), ('security', 'Security administration'), ('system', 'System administration')], db_collation='C', editable=False, max_length=10, null=True, verbose_name='duty')),
                    ('region_prefix', models.CharField(blank=True, db_collation='C', default='', help_text='Region code; empty: the whole country.', max_length=12, verbose_name='region')),
                    ('every_program', models.BooleanField(default=True, verbose_name='all programs')),
                    ('granted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='granted at')),
                    ('expires_on', models.DateField(blank=True, help_text='The first day on which it no longer holds.', null=True, verbose_name='expires on')),
                    ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                    ('granted_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='granted by')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.membership')),
                    ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                    ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='organization')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e1f05704110766345bef638c18be4307af995a77', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9ee6c', table='accounts_membershipevent', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='PastPassword',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128)),
                    ('set_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='past_passwords', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'past password',
                    'verbose_name_plural': 'past passwords',
                    'indexes': [
                        models.Index(fields=['user', '-set_at'], name='past_password_by_user'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='RecoveryCode',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code_hash', models.CharField(db_collation='C', max_length=64)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('used_at', models.DateTimeField(blank=True, null=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'recovery code',
                    'verbose_name_plural': 'recovery codes',
                    'indexes': [
                        models.Index(condition=models.Q(('used_at__isnull', True)), fields=['user'], name='recovery_code_unused'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='OrganizationEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('name', models.CharField(max_length=200, verbose_name='name')),
                    ('short_name', models.CharField(blank=True, max_length=60, verbose_name='short name')),
                    ('kind', models.CharField(choices=[('government', 'Government office'), ('charity', 'Charity'), ('insurer', 'Insurer'), ('platform', 'Platform'), ('hospital', 'Hospital'), ('operator', 'Operator')], max_length=12, verbose_name='kind')),
                    ('region_code', models.CharField(blank=True, db_collation='C', default='', max_length=12, verbose_name='region code')),
                    ('parent_path', models.CharField(db_collation='C', default='/', editable=False, max_length=500)),
                    ('path', models.CharField(db_collation='C', editable=False, max_length=500, verbose_name='path')),
                    ('uscc', models.CharField(blank=True, db_collation='C', default='', max_length=18, verbose_name='unified social credit code')),
                    ('active', models.BooleanField(default=True, verbose_name='active')),
                    ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='part of')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.organization')),
                    ('region', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: the whole country.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.region', verbose_name='region')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='54b4f4ac465ee58914aa45dbd28aa68208d61f5d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_88592', table='accounts_organizationevent', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='RegionEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('code', models.CharField(db_collation='C', max_length=12, serialize=False, verbose_name='code')),
                    ('name', models.CharField(max_length=100, verbose_name='name')),
                    ('full_name', models.CharField(max_length=300, verbose_name='full name')),
                    ('level', models.PositiveSmallIntegerField(choices=[(2, 'Province'), (4, 'City'), (6, 'County or district'), (9, 'Town or street'), (12, 'Village or community')], verbose_name='level')),
                    ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                    ('valid_to', models.DateField(blank=True, help_text='The first day on which it no longer exists.', null=True, verbose_name='valid to')),
                    ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.region', verbose_name='part of')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.region')),
                    ('successor', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.region', verbose_name='successor')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e402c11caa54488faa4f8b3cfb399433b1aef42a', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2eb1e', table='accounts_regionevent', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='SecondFactor',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('secret', audit.fields.SealedTextField(editable=True, logical_name='second_factor.secret', purpose='sign-in')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='set up at')),
                    ('last_step', models.BigIntegerField(default=-1)),
                    ('failures', models.PositiveSmallIntegerField(default=0)),
                    ('locked_until', models.DateTimeField(blank=True, null=True)),
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='second_factor', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ],
                options={
                    'verbose_name': 'second factor',
                    'verbose_name_plural': 'second factors',
                    'constraints': [
                        models.CheckConstraint(condition=models.Q(('confirmed_at__isnull', False), ('last_step', -1), _connector='OR'), name='second_factor_used_only_when_set_up'),
                    ],
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_secondfactorevent" ("confirmed_at", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."confirmed_at", new_values."created_at", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f349b7b651570d65d20ad7151278358e04ae155e', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_5f385', referencing='REFERENCING NEW TABLE AS new_values ', table='accounts_secondfactor', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_secondfactorevent" ("confirmed_at", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT new_values."confirmed_at", new_values."created_at", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."confirmed_at" IS DISTINCT FROM (new_values."confirmed_at") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."user_id" IS DISTINCT FROM (new_values."user_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7c21470033a54622143906b5eca76311e9c4d9ab', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_c64d3', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_secondfactor', when='AFTER')),
                        pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_secondfactorevent" ("confirmed_at", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") SELECT old_values."confirmed_at", old_values."created_at", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='c29e40b7fe625f6ffe9e93641e371a45d166e0fc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7e8c8', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_secondfactor', when='AFTER')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='SecondFactorEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='set up at')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.secondfactor')),
                    ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='416cdc417a9e5a6fcfc7f186030520f0f2851697', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_877e2', table='accounts_secondfactorevent', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='UserEvent',
                fields=[
                    ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                    ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                    ('pgh_label', models.TextField(help_text='The event label.')),
                    ('id', models.BigIntegerField()),
                    ('username', models.CharField(db_collation='C', error_messages={'unique': 'This user name is already in use.'}, max_length=64, verbose_name='user name')),
                    ('display_name', models.CharField(max_length=60, verbose_name='name')),
                    ('phone', audit.fields.SealedTextField(blank=True, editable=True, logical_name='user.phone', null=True, purpose='staff', verbose_name='phone')),
                    ('duty', models.CharField(blank=True, choices=[('making', 'Making'), ('checking', 'Checking'), ('auditing', 'Auditing'), ('security', 'Security administration'), ('system', 'System administration')], db_collation='C', max_length=10, null=True, verbose_name='duty')),
                    ('is_active', models.BooleanField(default=True, verbose_name='active')),
                    ('session_version', models.PositiveIntegerField(default=1, editable=False)),
                    ('must_change_password', models.BooleanField(default=True, verbose_name='must change the password')),
                    ('password_changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='password changed at')),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created at')),
                    ('deactivated_at', models.DateTimeField(blank=True, null=True, verbose_name='deactivated at')),
                    ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization', verbose_name='organization')),
                    ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                    ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'abstract': False,
                    'triggers': [
                        pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='9e9498e73f6fbdf2642fb33fa14189f1ad2382c8', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_45b21', table='accounts_userevent', when='BEFORE')),
                    ],
                },
            ),
            migrations.CreateModel(
                name='MembershipProgram',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('program_id', models.BigIntegerField(verbose_name='program')),
                    ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='programs', to='accounts.membership')),
                ],
                options={
                    'verbose_name': 'program of a membership',
                    'verbose_name_plural': 'programs of memberships',
                    'constraints': [
                        models.UniqueConstraint(fields=('membership', 'program_id'), name='membership_program_once'),
                    ],
                },
            ),
        ]),
        # One duty per person, and paths that cannot disagree with their parents: keys that Django cannot declare.
        migrations.RunSQL(
            sql="""
            ALTER TABLE accounts_membership ADD CONSTRAINT membership_one_duty_per_person
                FOREIGN KEY (user_id, duty) REFERENCES accounts_user (id, duty)
            """,
            reverse_sql="ALTER TABLE accounts_membership DROP CONSTRAINT membership_one_duty_per_person",
        ),
        # Deferred: moving a subtree rewrites parents and children in two statements.
        migrations.RunSQL(
            sql="""
            ALTER TABLE accounts_organization ADD CONSTRAINT organization_path_follows_parent
                FOREIGN KEY (parent_id, parent_path) REFERENCES accounts_organization (id, path)
                DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE accounts_organization DROP CONSTRAINT organization_path_follows_parent",
        ),
    ]

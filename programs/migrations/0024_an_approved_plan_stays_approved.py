import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0023_account_tests_are_booked'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='plan',
            name='plan_terms_stand',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plan',
            trigger=pgtrigger.compiler.Trigger(name='plan_terms_stand', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF OLD.state <> 'draft' AND (TG_OP = 'DELETE' OR\n                        to_jsonb(NEW) - ARRAY['state', 'submitted_by_id', 'submitted_at', 'decided_by_id', 'decided_at', 'reason', 'in_force_at', 'retired_at'] IS DISTINCT FROM to_jsonb(OLD) - ARRAY['state', 'submitted_by_id', 'submitted_at', 'decided_by_id', 'decided_at', 'reason', 'in_force_at', 'retired_at'])\n                    THEN\n                        RAISE EXCEPTION 'the terms of a plan change while it is a draft only'\n                            USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    IF TG_OP = 'UPDATE' AND OLD.state = ANY(ARRAY['approved', 'in_force', 'retired']) AND NEW.state <> ALL(ARRAY['approved', 'in_force', 'retired']) THEN\n                        RAISE EXCEPTION 'a plan that was approved is never a draft again'\n                            USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n                    RETURN NEW;\n                ", hash='841b225b82c8958348a73a400b5f90f894be4e7c', operation='UPDATE OR DELETE', pgid='pgtrigger_plan_terms_stand_7cc60', table='programs_plan', when='BEFORE')),
        ),
    ]

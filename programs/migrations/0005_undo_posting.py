from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0004_plans_of_spans'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ledgertransaction',
            name='kind',
            field=models.CharField(choices=[('grant', 'Budget granted'), ('reserve', 'Budget reserved'), ('use', 'Enrolled: budget used, premium due'), ('release', 'Reservation released'), ('lapse', 'Lapsed unpaid: budget given back, premium no longer due'), ('undo', 'Undone: budget given back, premium no longer due')], db_collation='C', max_length=8, verbose_name='kind'),
        ),
    ]

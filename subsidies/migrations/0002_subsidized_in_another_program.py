from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subsidies', '0001_requests_movements_differences'),
    ]

    operations = [
        migrations.AlterField(
            model_name='fundrequestline',
            name='doubt',
            field=models.CharField(blank=True, choices=[('', 'None'), ('overlaps', 'The same person is paid for at the same time by another cover'), ('elsewhere', 'The same person is subsidized at the same time in another program, by another funder')], db_collation='C', default='', max_length=9, verbose_name='doubt'),
        ),
    ]

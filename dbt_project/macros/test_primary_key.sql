{# A column whose value is there in each row, and in no two rows the same: `unique` and
   `not_null` in one query. #}
{% test primary_key(model, column_name) %}

select
    {{ column_name }},
    count(*) as row_quantity
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null

{% endtest %}

{# Each combination of the columns occurs once. Rows in which one of them is null do not
   count. #}
{% test unique_together(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
where {% for column in columns %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}

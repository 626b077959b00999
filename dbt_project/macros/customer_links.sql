{# The values by which customer records could be the same, or hinder each other; `relation` has a row for each. #}
{% macro customer_links(relation) -%}
select
    system,
    record_key,
    external_id,
    account_key,
    email,
    phone,
    group_key,
    {# The wholesale department's host has the number without the letter before it. #}
    substring(account_key from '^[A-Z]0*([0-9]+)$') as wholesale_key,
    md5(name_key || '|' || postal_code_key || '|' || street_key) as place_key
from {{ relation }}
{%- endmacro %}

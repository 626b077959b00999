{# This test also stops the run: a record without a golden id would be missing in every
   model that follows. #}
{{ config(tags=['marts']) }}

select
    customers.system,
    customers.record_key,
    count(xref.customer_id) as golden_quantity
from {{ ref('int_customers__unioned') }} as customers
left join {{ ref('customer_xref') }} as xref
    on
        customers.system = xref.system
        and customers.record_key = xref.record_key
group by customers.system, customers.record_key
having count(xref.customer_id) <> 1

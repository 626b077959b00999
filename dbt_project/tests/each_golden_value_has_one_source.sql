select
    customers.customer_id,
    count(sources.field) as email_sources
from {{ ref('customers') }} as customers
left join {{ ref('field_sources') }} as sources
    on
        customers.customer_id = sources.golden_id
        and sources.entity = 'customer'
        and sources.field = 'email'
group by customers.customer_id, customers.email
having count(sources.field) <> case when customers.email is null then 0 else 1 end

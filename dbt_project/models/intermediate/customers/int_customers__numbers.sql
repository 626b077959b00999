{# One row per number that an ERP gives a customer, with the customer. A number that
   two customers have is left out, and of several ERPs the first one's number goes
   first. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where {{ plays('system', 'erp') }} and account_key is not null

),

int_systems__names as (

    select * from {{ ref('int_systems__names') }}
    where name = 'erp'

),

counted as (

    select
        account_key,
        min(golden_id) as golden_id
    from int_customers__identified
    group by account_key
    having count(distinct golden_id) = 1

),

ranked as (

    select
        counted.account_key,
        counted.golden_id,
        customers.account_number,
        row_number() over (
            partition by counted.golden_id
            order by
                erps.role_rank asc, customers.is_primary desc, customers.record_key asc
        ) = 1 as is_first
    from counted
    inner join int_customers__identified as customers
        on counted.account_key = customers.account_key
    inner join int_systems__names as erps on customers.system = erps.system

)

select
    account_key,
    golden_id,
    min(account_number) as account_number,
    bool_or(is_first) as is_first
from ranked
group by account_key, golden_id

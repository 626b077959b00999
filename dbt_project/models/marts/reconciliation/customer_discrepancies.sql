with discrepancies as (

    select * from {{ ref('discrepancies') }}
    where entity = 'customer'

)

select * from discrepancies

with discrepancies as (

    select * from {{ ref('discrepancies') }}
    where entity = 'product'

)

select * from discrepancies

select
    products.system,
    products.record_key,
    count(xref.product_id) as golden_quantity
from {{ ref('int_products__unioned') }} as products
left join {{ ref('product_xref') }} as xref
    on
        products.system = xref.system
        and products.record_key = xref.record_key
group by products.system, products.record_key
having count(xref.product_id) <> 1

select *
from {{ ref('int_fields__disagreements') }}
where system = golden_system

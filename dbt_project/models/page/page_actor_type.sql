-- `page_rank` is empty for actor types that the page has no place for of their own
select
    actor_type_code,
    actor_type_name,
    actor_type_name_en,
    case
        when actor_type_code in {{ listed(var('page_actor_types')) }}
            then 1 + {{ position_in('actor_type_code', var('page_actor_types')) }}
    end as page_rank,
    {{ page_order([position_in('actor_type_code', var('page_actor_types')), 'actor_type_code']) }}
from {{ ref('dim_actor_type') }}

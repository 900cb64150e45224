-- what is stated of the introduction of every service; where it is too much for the page, that of
-- the widest areas
with stated as (
    select
        milestone.service_code,
        region.region_level,
        milestone.region_key,
        milestone.area_name,
        milestone.actor_type_code,
        milestone.phase,
        milestone.statement,
        milestone.starts_on,
        milestone.starts_on_precision,
        milestone.ends_on,
        milestone.ends_on_precision,
        milestone.is_date_inferred,
        milestone.statement_address,
        milestone.source_name,
        count(*) over (partition by milestone.service_code) as milestone_count,
        row_number() over (
            partition by milestone.service_code
            order by
                {{ position_in('region.region_level', var('page_level_order')) }},
                milestone.region_key,
                milestone.actor_type_code,
                milestone.starts_on,
                milestone.ends_on,
                milestone.phase,
                milestone.statement,
                milestone.row_reference
        ) as statement_rank,
        milestone.row_reference
    from {{ ref('fct_milestone') }} as milestone
    inner join {{ ref('dim_region') }} as region on milestone.region_key = region.region_key
),

shown as (
    select
        *,
        min(coalesce(starts_on, ends_on)) over (
            partition by service_code, region_key, actor_type_code
        ) as first_on
    from stated
    where statement_rank <= {{ var('page_most_milestones') }}
)

select
    service_code,
    region_level,
    region_key,
    area_name,
    actor_type_code,
    phase,
    statement,
    starts_on,
    starts_on_precision,
    ends_on,
    ends_on_precision,
    is_date_inferred,
    statement_address,
    source_name,
    milestone_count,
    {{ page_order([
        position_in('service_code', var('page_services')),
        'service_code',
        'first_on nulls last',
        collation_key('area_name'),
        'region_key',
        'actor_type_code',
        'coalesce(starts_on, ends_on) nulls last',
        'ends_on nulls last',
        'phase',
        'statement',
        'row_reference',
    ]) }}
from shown

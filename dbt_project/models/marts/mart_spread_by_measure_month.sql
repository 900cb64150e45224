{%- set group = ['measure_code', 'actor_type_code', 'month', 'region_level'] -%}
-- regions of each level, with and without a figure; only shares spread
with level_size as (
    {{ regions_of_levels() }}
),

share as (
    select
        adoption.measure_code,
        adoption.actor_type_code,
        adoption.month,
        region.region_level,
        adoption.region_key,
        adoption.adoption_share,
        adoption.status,
        {{ least_share_of_region('adoption') }} as share_low,
        {{ greatest_share_of_region('adoption') }} as share_high
    from {{ ref('fct_adoption_month') }} as adoption
    inner join {{ ref('dim_measure') }} as measure
        on
            adoption.measure_code = measure.measure_code
            and (measure.unit = 'share' or measure.denominator_code is not null)
    inner join {{ ref('dim_region') }} as region
        on
            adoption.region_key = region.region_key
            and {{ is_region_expected('region', 'adoption.month') }}
    where adoption.is_representative and region.region_level not in ('land', 'gruppe')
),

known as (
    select
        {{ columns_of('share', group) }},
        level_size.region_count,
        cast(count(share.adoption_share) as integer) as known_count,
        cast(
            count(case when share.status = 'suppressed' then 1 end) as bigint
        ) as suppressed_count,
        -- of fewer than half of the regions there is no spread
        2 * count(coalesce(share.share_low, share.adoption_share)) >= level_size.region_count
            as is_shown
    from share
    inner join level_size
        on share.region_level = level_size.region_level and share.month = level_size.month
    group by {{ columns_of('share', group) }}, level_size.region_count
),

-- a region without a figure may have any share
bounded as (
    select
        {{ columns_of('known', group) }},
        coalesce(share.share_low, 0) as share_low,
        coalesce(share.share_high, 1) as share_high
    from known
    inner join {{ ref('dim_region') }} as region
        on
            known.region_level = region.region_level
            and {{ is_region_expected('region', 'known.month') }}
    left join share
        on
            region.region_key = share.region_key
            {%- for column in group %}
                and known.{{ column }} = share.{{ column }}
            {%- endfor %}
    where known.is_shown
),

spread as (
    select
        {{ columns_of('bounded', group) }},
        {{ percentile(0.1, 'bounded.share_low') }} as percentile_10_lower,
        {{ percentile(0.1, 'bounded.share_high') }} as percentile_10_upper,
        {{ percentile(0.5, 'bounded.share_low') }} as percentile_50_lower,
        {{ percentile(0.5, 'bounded.share_high') }} as percentile_50_upper,
        {{ percentile(0.9, 'bounded.share_low') }} as percentile_90_lower,
        {{ percentile(0.9, 'bounded.share_high') }} as percentile_90_upper
    from bounded
    group by {{ columns_of('bounded', group) }}
)

select
    measure.service_code,
    service.service_name,
    known.measure_code,
    measure.measure_name,
    known.actor_type_code,
    actor_type.actor_type_name,
    known.region_level,
    known.month,
    known.region_count,
    known.known_count,
    known.suppressed_count,
    {{ where_they_meet('spread.percentile_10_lower', 'spread.percentile_10_upper') }}
        as percentile_10,
    spread.percentile_10_lower,
    spread.percentile_10_upper,
    {{ where_they_meet('spread.percentile_50_lower', 'spread.percentile_50_upper') }}
        as percentile_50,
    spread.percentile_50_lower,
    spread.percentile_50_upper,
    {{ where_they_meet('spread.percentile_90_lower', 'spread.percentile_90_upper') }}
        as percentile_90,
    spread.percentile_90_lower,
    spread.percentile_90_upper
from known
inner join {{ ref('dim_measure') }} as measure on known.measure_code = measure.measure_code
inner join {{ ref('dim_actor_type') }} as actor_type
    on known.actor_type_code = actor_type.actor_type_code
left join {{ ref('dim_service') }} as service on measure.service_code = service.service_code
left join spread
    on
        known.measure_code = spread.measure_code
        and known.actor_type_code = spread.actor_type_code
        and known.month = spread.month
        and known.region_level = spread.region_level

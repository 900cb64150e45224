{%- set is_country_share = "is_share and is_adoption and region_level = 'land'" -%}
{%- set is_change = "unit in ('count_change', 'relative_change')" -%}
-- Published figures of any period, and shares of the country that are made of them.
-- `shown`: of figures of adoption at most a year older than the newest of them, the country before
-- a region, a share before a count, then the newest. Without any of adoption, the newest of all.
-- `share`: the newest share of adoption of the country, however old it is.
-- `newest`: the newest figure of a service, of adoption or not.
with published as (
    select
        figure.service_code,
        figure.measure_code,
        figure.region_key,
        figure.region_level,
        figure.region_name,
        figure.actor_type_code,
        figure.period_start,
        figure.period_end,
        figure.period_grain,
        figure.value,
        figure.lower_bound,
        figure.upper_bound,
        figure.qualifier,
        figure.unit = 'share' as is_share,
        figure.unit,
        'published' as basis,
        cast(null as double) as change_12m,
        figure.statement_address,
        figure.source_name
    from {{ ref('mart_key_figures') }} as figure
    where
        figure.service_code is not null
        and figure.status not in ('suppressed', 'missing')
        and coalesce(figure.value, figure.lower_bound, figure.upper_bound) is not null
),

-- shares of the country, also those that two published figures give
country as (
    select
        adoption.service_code,
        adoption.measure_code,
        adoption.region_key,
        adoption.region_level,
        adoption.region_name,
        adoption.actor_type_code,
        adoption.month as period_start,
        {{ end_of_month('adoption.month') }} as period_end,
        'month' as period_grain,
        adoption.adoption_share as value,
        adoption.share_lower as lower_bound,
        adoption.share_upper as upper_bound,
        adoption.qualifier,
        true as is_share,
        'share' as unit,
        adoption.basis,
        adoption.change_12m,
        cast(null as {{ dbt.type_string() }}) as statement_address,
        adoption.source_name
    from {{ ref('mart_adoption_by_region_actor_month') }} as adoption
    where
        adoption.region_level = 'land'
        and adoption.is_representative
        and adoption.service_code is not null
        and (
            adoption.adoption_share is not null
            or adoption.share_lower > 0 or adoption.share_upper < 1
        )
        -- a published share is among the published figures, unless it has a change of its own
        and (adoption.basis <> 'published' or adoption.change_12m is not null)
),

figure as (
    select * from published
    union all
    select * from country
),

aged as (
    select
        figure.*,
        measure.is_adoption,
        measure.owner,
        max(case when measure.is_adoption then figure.period_end end) over (
            partition by figure.service_code
        ) as newest_of_adoption
    from figure
    inner join {{ ref('dim_measure') }} as measure on figure.measure_code = measure.measure_code
),

recent as (
    select
        *,
        coalesce(
            is_adoption
            and (
                newest_of_adoption is null
                or period_end > {{ add_years('newest_of_adoption', -1) }}
            ),
            false
        ) as is_recent_adoption
    from aged
),

ranked as (
    select
        *,
        row_number() over (
            partition by service_code
            order by
                case when is_recent_adoption then 0 else 1 end,
                case when is_recent_adoption and region_level = 'land' then 0 else 1 end,
                case
                    when is_recent_adoption and is_share and region_level = 'land' then 0 else 1
                end,
                period_end desc nulls last,
                case when {{ is_change }} then 1 else 0 end,
                {{ position_in('region_level', var('page_level_order')) }},
                case when region_level <> 'land' and actor_type_code = 'alle' then 0 else 1 end,
                {{ position_in('actor_type_code', var('page_actor_types')) }},
                period_start desc,
                case basis when 'published' then 1 else 0 end,
                measure_code,
                actor_type_code,
                region_key,
                source_name
        ) as preference,
        row_number() over (
            partition by service_code
            order by
                period_end desc nulls last,
                case when is_adoption then 0 else 1 end,
                case when {{ is_change }} then 1 else 0 end,
                {{ position_in('region_level', var('page_level_order')) }},
                case when is_share then 0 else 1 end,
                period_start desc,
                measure_code,
                actor_type_code,
                region_key,
                basis,
                source_name
        ) as newness,
        row_number() over (
            partition by service_code
            order by
                case when {{ is_country_share }} then 0 else 1 end,
                period_end desc nulls last,
                {{ position_in('actor_type_code', var('page_actor_types')) }},
                period_start desc,
                case basis when 'published' then 1 else 0 end,
                measure_code,
                actor_type_code,
                source_name
        ) as share_newness
    from recent
),

in_role as (
    select
        *,
        'shown' as figure_role
    from ranked
    where preference = 1
    union all
    select
        *,
        'newest' as figure_role
    from ranked
    where newness = 1
    union all
    select
        *,
        'share' as figure_role
    from ranked
    where share_newness = 1 and {{ is_country_share }}
)

select
    service_code,
    figure_role,
    measure_code,
    is_adoption,
    region_level,
    region_name,
    actor_type_code,
    period_start,
    period_end,
    period_grain,
    value,
    lower_bound,
    upper_bound,
    qualifier,
    is_share,
    unit,
    basis,
    change_12m,
    owner,
    statement_address,
    source_name,
    {{ page_order([
        position_in('service_code', var('page_services')), 'service_code', 'figure_role desc'
    ]) }}
from in_role

-- the sources of the rows that each figure of the page is made of
with figure_source as (
    {{ sources_of_figure('actors', ref('page_adoption_by_actor_type')) }}
    union all
    {{ sources_of_figure('plan', ref('page_target')) }}
    union all
    {{ sources_of_figure('plan', ref('page_target_path')) }}
    union all
    -- the newest figure that each target is compared with
    select
        'plan' as figure_name,
        observation.source_name
    from {{ ref('page_target') }} as targets
    inner join {{ ref('fct_observation') }} as observation
        on
            targets.measure_code = observation.measure_code
            and targets.region_key = observation.region_key
            and targets.actor_type_code = observation.actor_type_code
            and targets.newest_period_end = observation.period_end
            and targets.newest_value = observation.value
    union all
    -- phases of the roll-out that are planned or reported
    select
        'rollout' as figure_name,
        source_name
    from {{ ref('fct_milestone') }}
    where
        service_code = '{{ var("page_services")[0] }}'
        and statement in ('planned', 'reported')
        and (starts_on is not null or ends_on is not null)
    union all
    -- phases of the roll-out that shares show
    select
        'rollout' as figure_name,
        adoption.source_name
    from {{ ref('page_rollout') }} as area
    inner join {{ ref('mart_adoption_by_region_actor_month') }} as adoption
        on
            area.region_key = adoption.region_key
            and area.actor_type_code = adoption.actor_type_code
            and adoption.service_code = '{{ var("page_services")[0] }}'
    where area.observed_basis = 'figure'
    union all
    {{ sources_of_figure('timeline', ref('page_milestone')) }}
    union all
    -- figures and plans that readiness is made of
    select
        'readiness' as figure_name,
        observation.source_name
    from {{ ref('fct_observation') }} as observation
    inner join {{ ref('dim_region') }} as region
        on observation.region_key = region.region_key
    inner join {{ ref('page_readiness') }} as country
        on
            country.region_level = 'land'
            and observation.period_end in (country.resident_as_of, country.gp_agreement_as_of)
    where
        region.region_level in ('land', 'kommune')
        and observation.measure_code in {{ listed([
            'population',
            'fastlege_agreement_count',
            'fastlege_list_without_doctor_count',
            'fastlege_list_patient_count',
            'fastlege_capacity_count',
        ]) }}
    union all
    select
        'readiness' as figure_name,
        source_name
    from {{ ref('fct_milestone') }}
    where service_code = 'pll' and statement = 'planned'
    union all
    {{ sources_of_figure('curves', ref('page_regional_adoption')) }}
    union all
    {{ sources_of_figure('points', ref('page_point')) }}
    union all
    select
        'spread' as figure_name,
        adoption.source_name
    from {{ ref('page_spread') }} as spread
    inner join {{ ref('page_regional_adoption') }} as adoption
        on spread.service_code = adoption.service_code and spread.month = adoption.month
    union all
    {{ sources_of_figure('ranking', ref('page_ranking')) }}
    union all
    {{ sources_of_figure('matrix', ref('page_matrix')) }}
    union all
    {{ sources_of_figure('maps', ref('page_tile')) }}
    union all
    {{ sources_of_figure('cells', ref('page_cell')) }}
    union all
    select
        'years' as figure_name,
        source_name
    from {{ ref('mart_key_figures') }}
    where service_code is not null and period_end is not null and status <> 'missing'
    union all
    {{ sources_of_figure('forecast', ref('page_forecast')) }}
    union all
    -- the observed shares that the forecasts go on from
    select
        'forecast' as figure_name,
        adoption.source_name
    from {{ ref('page_forecast') }} as forecast
    inner join {{ ref('page_regional_adoption') }} as adoption
        on forecast.service_code = adoption.service_code and adoption.region_level = 'land'
),

once as (
    select distinct
        figure_name,
        source_name
    from figure_source
)

select
    figure_name,
    source_name,
    {{ page_order(['figure_name', 'source_name']) }}
from once

{%- set figures = [
    'adoption_count', 'adoption_count_lower', 'adoption_count_upper', 'eligible_count', 'adoption_share', 'share_lower', 'share_upper', 'qualifier',
    'status', 'basis', 'denominator_code', 'reported_share', 'is_period_inferred', 'source_name', 'snapshot_at',
] -%}
-- kommuner and fylker of today, and the months in which they were something else
with today as (
    select region_key, region_level, valid_from from {{ ref('dim_region') }} where is_current and region_level in ('kommune', 'fylke')
),

past as (
    select distinct whole_key, valid_from, valid_to from {{ ref('dim_region_part') }} where relation in ('recode', 'reform') and part_level <> 'kommune_today'
),

-- as told of the region itself, where it had the same borders or the figure was told on its code of today
told as (
    select said.*, said.region_key as region_of_month_key
    from {{ ref('mart_adoption_by_region_actor_month') }} as said
    inner join today on said.region_key = today.region_key
    left join past on said.region_key = past.whole_key and {{ holds_month('past.valid_from', 'past.valid_to', 'said.month') }}
    where past.whole_key is null or today.valid_from > said.month
),

recoded as (
    select
        place.whole_key as region_key, said.region_key as region_of_month_key, said.measure_code, said.actor_type_code, said.month,
        {{ columns_of('said', figures) }}
    from {{ ref('mart_adoption_by_region_actor_month') }} as said
    inner join {{ ref('dim_region_part') }} as place
        on place.relation = 'recode' and said.region_key = place.part_key and {{ holds_month('place.valid_from', 'place.valid_to', 'said.month') }}
    left join told
        on place.whole_key = told.region_key and said.measure_code = told.measure_code and said.actor_type_code = told.actor_type_code
        and said.month = told.month
    where told.region_key is null
),

adoption as (
    select told.region_key, told.region_of_month_key, told.measure_code, told.actor_type_code, told.month, {{ columns_of('told', figures) }}
    from told
    union all
    select recoded.region_key, recoded.region_of_month_key, recoded.measure_code, recoded.actor_type_code, recoded.month, {{ columns_of('recoded', figures) }}
    from recoded
    union all
    select
        made.region_key, cast(null as {{ dbt.type_string() }}) as region_of_month_key, made.measure_code, made.actor_type_code, made.month,
        {{ sum_as_adoption('made') }}
    from {{ ref('fct_adoption_sum') }} as made
    left join told
        on made.region_key = told.region_key and made.measure_code = told.measure_code and made.actor_type_code = told.actor_type_code
        and made.month = told.month
    where made.relation = 'reform' and told.region_key is null
)

{{ adoption_told('adoption', 'this.region_of_month_key') }}

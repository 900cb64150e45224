{%- set key = ['measure_code', 'actor_type_code', 'month'] -%}
-- kommuner and fylker of today
with current_region as (
    select
        region_key,
        valid_from
    from {{ ref('dim_region') }}
    where is_current and region_level in ('kommune', 'fylke')
),

-- months in which a region of today was something else
other_time as (
    select distinct
        whole_key,
        valid_from,
        valid_to
    from {{ ref('dim_region_part') }}
    where relation in ('recode', 'reform') and part_level <> 'kommune_today'
),

-- the region's own figures: its borders were the same, or the figure was published on today's code
own as (
    select adoption.*
    from {{ ref('fct_adoption_month') }} as adoption
    inner join current_region on adoption.region_key = current_region.region_key
    left join other_time
        on
            adoption.region_key = other_time.whole_key
            and {{ is_valid_in('other_time.valid_from', 'other_time.valid_to', 'adoption.month') }}
    where other_time.whole_key is null or current_region.valid_from > adoption.month
),

-- figures on an earlier code of the same area
recoded as (
    select
        part.whole_key as region_key,
        adoption.region_key as region_of_month_key,
        {{ columns_of('adoption', key + adoption_facts()) }}
    from {{ ref('fct_adoption_month') }} as adoption
    inner join {{ ref('dim_region_part') }} as part
        on
            part.relation = 'recode'
            and adoption.region_key = part.part_key
            and {{ is_valid_in('part.valid_from', 'part.valid_to', 'adoption.month') }}
    left join own
        on
            part.whole_key = own.region_key
            and adoption.measure_code = own.measure_code
            and adoption.actor_type_code = own.actor_type_code
            and adoption.month = own.month
    where own.region_key is null
),

reformed as (
    select
        sums.region_key,
        {{ columns_of('sums', key) }},
        {{ sum_as_adoption('sums') }}
    from {{ ref('fct_adoption_sum') }} as sums
    left join own on {{ is_same_series('sums', 'own') }} and sums.month = own.month
    left join recoded on {{ is_same_series('sums', 'recoded') }} and sums.month = recoded.month
    where sums.relation = 'reform' and own.region_key is null and recoded.region_key is null
),

adoption as (
    select
        own.region_key,
        own.region_key as region_of_month_key,
        {{ columns_of('own', key + adoption_facts()) }}
    from own
    union all
    select
        recoded.region_key,
        recoded.region_of_month_key,
        {{ columns_of('recoded', key + adoption_facts()) }}
    from recoded
    union all
    select
        reformed.region_key,
        cast(null as {{ dbt.type_string() }}) as region_of_month_key,
        {{ columns_of('reformed', key + adoption_facts()) }}
    from reformed
),

{{ tables_of_ranks('adoption', is_of_today=true) }},

changed as (
    {{ with_changes_and_ranks('adoption', ['region_of_month_key']) }}
)

{{ with_labels('changed', ['adoption.region_of_month_key']) }}

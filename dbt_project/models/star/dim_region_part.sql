{%- set shared_by = {'hf_key': 'hospital_share', 'helsefellesskap_key': 'helsefellesskap_share'} -%}
-- a kommune whose residents belong to several hospitals: the shares of the first year also apply
-- before it, those of the last year also after it
with hospital_year as (
    select
        kommune_code,
        year,
        min(year) over (partition by kommune_code) as first_year,
        lead(year) over (partition by kommune_code order by year) as next_year
    from (
        select distinct
            kommune_code,
            year
        from {{ ref('kommune_hf_share') }}
    ) as share_year
),

hospital_share as (
    select
        hospital.hf_key as whole_key,
        kommune.region_key as part_key,
        hospital.share,
        case
            when hospital_year.year > hospital_year.first_year
                then {{ first_of_year('hospital_year.year') }}
            else kommune.valid_from
        end as since,
        case
            when hospital_year.next_year is not null
                then {{ first_of_year('hospital_year.next_year') }}
            else kommune.valid_to
        end as until
    from {{ ref('kommune_hf_share') }} as hospital
    inner join hospital_year
        on
            hospital.kommune_code = hospital_year.kommune_code
            and hospital.year = hospital_year.year
    inner join {{ ref('region') }} as kommune
        on kommune.region_level = 'kommune' and hospital.kommune_code = kommune.region_code
),

-- kommuner of the past that were divided between two
helsefellesskap_share as (
    select
        shared.helsefellesskap_key as whole_key,
        kommune.region_key as part_key,
        shared.share,
        kommune.valid_from as since,
        kommune.valid_to as until
    from {{ ref('kommune_helsefellesskap_share') }} as shared
    inner join {{ ref('region') }} as kommune
        on kommune.region_level = 'kommune' and shared.kommune_code = kommune.region_code
),

-- every helseforetak, and the private hospitals that have residents of their own
hospital as (
    select
        region_key,
        rhf_key
    from {{ ref('region') }}
    where region_level = 'hf'
    union all
    select
        region_key,
        rhf_key
    from {{ ref('region') }}
    where
        region_level = 'sykehus'
        and region_key in (select hf_key from {{ ref('kommune_hf_share') }})
),

level_part as (
    {%- for whole_key in ['fylke_key', 'helsefellesskap_key', 'rhf_key', 'hf_key'] %}
        select
            {{ whole_key }} as whole_key,
            region_key as part_key,
            'kommune' as part_level,
            1 as share,
            'exact' as quality,
            valid_from as since,
            valid_to as until
        from {{ ref('region') }}
        where
            region_level = 'kommune' and {{ whole_key }} is not null
            {%- if whole_key in shared_by %}
                and region_key not in (select part_key from {{ shared_by[whole_key] }})
            {%- endif %}
        union all
    {%- endfor %}
    {%- for shared in shared_by.values() %}
        select
            whole_key,
            part_key,
            'kommune' as part_level,
            share,
            'estimate' as quality,
            since,
            until
        from {{ shared }}
        union all
    {%- endfor %}
    select
        rhf_key as whole_key,
        region_key as part_key,
        'hf' as part_level,
        1 as share,
        'exact' as quality,
        cast(null as date) as since,
        cast(null as date) as until
    from hospital
    union all
    select
        rhf_key as whole_key,
        region_key as part_key,
        region_level as part_level,
        1 as share,
        'exact' as quality,
        valid_from as since,
        valid_to as until
    from {{ ref('region') }}
    where region_level = 'helsefellesskap'
    union all
    select
        land.region_key as whole_key,
        part.region_key as part_key,
        case when part.region_level = 'sykehus' then 'hf' else part.region_level end as part_level,
        1 as share,
        'exact' as quality,
        part.valid_from as since,
        part.valid_to as until
    from {{ ref('region') }} as part
    cross join {{ ref('region') }} as land
    where
        land.region_level = 'land'
        and (
            part.region_level in ('rhf', 'fylke', 'helsefellesskap', 'kommune')
            or part.region_key in (select region_key from hospital)
        )
),

-- publishers also give the past on the codes of today. Until the last reform those are parts of
-- another kind, never mixed with the codes of the time.
last_reform as (
    select
        part.whole_key,
        max(part.since) as reformed_on
    from level_part as part
    inner join {{ ref('region') }} as kommune
        on part.part_key = kommune.region_key and kommune.valid_to is null
    where part.part_level = 'kommune' and part.quality = 'exact'
    group by part.whole_key
),

kommune_today as (
    select
        part.whole_key,
        part.part_key,
        part.share,
        part.quality,
        last_reform.reformed_on
    from level_part as part
    inner join last_reform
        on
            part.whole_key = last_reform.whole_key
            and {{ is_valid_in('part.since', 'part.until', 'last_reform.reformed_on') }}
    where part.part_level = 'kommune'
),

-- the spans of years in which no kommune changed
span as (
    select
        first_year,
        lead(first_year) over (order by first_year) as next_year
    from (
        select first_year from {{ ref('kommune_reform') }}
        union
        select last_year + 1 as first_year from {{ ref('kommune_reform') }}
    ) as change
),

kommune_then as (
    select
        today.region_key as whole_key,
        today.fylke_key as whole_fylke_key,
        past.region_key as part_key,
        past.fylke_key as part_fylke_key,
        reform.share,
        case
            when reform.quality = 'approx_boundary' then 'approx'
            else reform.quality
        end as quality,
        span.first_year,
        span.next_year,
        count(*) over (partition by reform.code_2024, span.first_year) as part_count
    from {{ ref('kommune_reform') }} as reform
    inner join span
        on reform.first_year <= span.first_year and span.next_year <= reform.last_year + 1
    inner join {{ ref('region') }} as today
        on today.region_level = 'kommune' and reform.code_2024 = today.region_code
    inner join {{ ref('region') }} as past
        on past.region_level = 'kommune' and reform.old_code = past.region_code
),

kommune_changed as (
    select distinct
        whole_key,
        first_year
    from kommune_then
    where part_key <> whole_key
),

fylke_by_kommune as (
    select
        whole_fylke_key as whole_key,
        part_key,
        part_fylke_key,
        first_year,
        next_year,
        {{ exact_sum('share') }} as share,
        case when {{ exact_sum('share') }} > 0.999999 then 'exact' else 'estimate' end as quality
    from kommune_then
    group by whole_fylke_key, part_key, part_fylke_key, first_year, next_year
),

-- fylker before and between the reforms; before the first year of kommune codes only fylker exist
fylke_span as (
    select
        cast(null as integer) as first_year,
        min(first_year) as next_year
    from span
    union all
    select
        first_year,
        next_year
    from span
    where next_year is not null
),

fylke_then as (
    select
        today.region_key as whole_key,
        past.region_key as part_key,
        reform.population_share as share,
        span.first_year,
        span.next_year,
        count(*) over (partition by reform.code_2024, span.first_year) as part_count,
        min(reform.population_share) over (
            partition by reform.code_2024, span.first_year
        ) as least_share
    from {{ ref('fylke_reform') }} as reform
    inner join {{ ref('region') }} as today
        on today.region_level = 'fylke' and reform.code_2024 = today.region_code
    inner join {{ ref('region') }} as past
        on past.region_level = 'fylke' and reform.old_code = past.region_code
    inner join fylke_span as span
        on
            (
                past.valid_to is null
                or span.first_year is null
                or past.valid_to > {{ first_of_year('span.first_year') }}
            )
            and (
                past.valid_from is null
                or past.valid_from < {{ first_of_year('span.next_year') }}
            )
),

-- fylker with a kommune that came from another fylke, or went to one
fylke_border_changed as (
    select
        whole_key,
        first_year
    from fylke_by_kommune
    where part_fylke_key <> whole_key or quality <> 'exact'
    union
    select
        part_fylke_key as whole_key,
        first_year
    from fylke_by_kommune
    where part_fylke_key <> whole_key
),

-- before the first year of kommune codes, those of that year
fylke_changed as (
    select
        whole_key,
        first_year
    from fylke_border_changed
    union
    select
        whole_key,
        cast(null as integer) as first_year
    from fylke_border_changed
    where first_year = (select min(first.first_year) from span as first)
    union
    select
        whole_key,
        first_year
    from fylke_then
    where part_key <> whole_key
),

-- where the earlier fylker of a fylke do not have the same area as the earlier kommuner of it
fylke_mismatch as (
    select distinct
        part.whole_key,
        part.first_year
    from fylke_by_kommune as part
    left join fylke_then as whole
        on
            part.whole_key = whole.whole_key
            and part.first_year = whole.first_year
            and part.part_fylke_key = whole.part_key
            and whole.share = 1
    where whole.whole_key is null
    union
    select
        whole.whole_key,
        part.first_year
    from fylke_by_kommune as part
    inner join fylke_then as whole
        on part.first_year = whole.first_year and part.part_fylke_key = whole.part_key
    where part.whole_key <> whole.whole_key
),

fylke_past as (
    select
        part.whole_key,
        part.part_key,
        'fylke' as part_level,
        part.share,
        case
            when part.least_share = 1 and mismatch.whole_key is null then 'exact'
            else 'estimate'
        end as quality,
        part.first_year,
        part.next_year,
        case
            when part.part_count = 1 and part.share = 1 and mismatch.whole_key is null
                then 'recode'
            else 'reform'
        end as relation
    from fylke_then as part
    inner join fylke_changed as changed
        on
            part.whole_key = changed.whole_key
            and coalesce(part.first_year, 0) = coalesce(changed.first_year, 0)
    left join fylke_mismatch as mismatch
        on
            part.whole_key = mismatch.whole_key
            and coalesce(part.first_year, part.next_year) = mismatch.first_year
),

past_part as (
    select
        part.whole_key,
        part.part_key,
        'kommune' as part_level,
        part.share,
        part.quality,
        part.first_year,
        part.next_year,
        case
            when part.part_count = 1 and part.share = 1 and part.quality = 'exact' then 'recode'
            else 'reform'
        end as relation
    from kommune_then as part
    inner join kommune_changed as changed
        on part.whole_key = changed.whole_key and part.first_year = changed.first_year
    union all
    -- a fylke that was another code has the sums of that code, and none of its own
    select
        part.whole_key,
        part.part_key,
        'kommune' as part_level,
        part.share,
        part.quality,
        part.first_year,
        part.next_year,
        'reform' as relation
    from fylke_by_kommune as part
    inner join fylke_changed as changed
        on part.whole_key = changed.whole_key and part.first_year = changed.first_year
    left join fylke_past as recoded
        on
            part.whole_key = recoded.whole_key
            and part.first_year = recoded.first_year
            and recoded.relation = 'recode'
    where recoded.whole_key is null
    union all
    select * from fylke_past
),

part as (
    select
        'level' as relation,
        whole_key,
        part_key,
        part_level,
        share,
        quality,
        since,
        until
    from level_part
    union all
    select
        relation.relation,
        kommune.whole_key,
        kommune.part_key,
        'kommune_today' as part_level,
        kommune.share,
        kommune.quality,
        case when relation.relation = 'reform' then whole.valid_from end as since,
        kommune.reformed_on as until
    from kommune_today as kommune
    inner join {{ ref('region') }} as whole on kommune.whole_key = whole.region_key
    inner join (
        select 'level' as relation
        union all
        select 'reform' as relation
    ) as relation
        on
            relation.relation = 'level'
            -- before its code began, a fylke has only the sum of the level
            or (
                whole.region_level = 'fylke'
                and (whole.valid_from is null or whole.valid_from < kommune.reformed_on)
            )
    union all
    select
        relation,
        whole_key,
        part_key,
        part_level,
        share,
        quality,
        case when first_year is not null then {{ first_of_year('first_year') }} end as since,
        {{ first_of_year('next_year') }} as until
    from past_part
)

select
    part.relation,
    part.whole_key,
    whole.region_level as whole_level,
    part.part_key,
    part.part_level,
    cast(part.share as {{ type_double() }}) as part_share,
    part.quality as part_quality,
    part.since as valid_from,
    part.until as valid_to
from part
inner join {{ ref('region') }} as whole on part.whole_key = whole.region_key

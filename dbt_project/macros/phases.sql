{#- How far a phase is, from 1; empty without a phase. -#}
{% macro phase_number(phase) -%}
    case {{ phase }}
        when 'forberedelse' then 1
        when 'utproving' then 2
        when 'innforing' then 3
        when 'i_drift' then 4
    end
{%- endmacro %}

{#- The phase of a number. -#}
{% macro phase_of_number(number) -%}
    case {{ number }}
        when 1 then 'forberedelse'
        when 2 then 'utproving'
        when 3 then 'innforing'
        when 4 then 'i_drift'
    end
{%- endmacro %}

{#- The number of the phase that a share shows, by the least share of each phase; 0 for none. -#}
{% macro phase_number_of_share(share, threshold) -%}
    case
        when {{ share }} >= {{ threshold.i_drift }} then 4
        when {{ share }} >= {{ threshold.innforing }} then 3
        when {{ share }} > {{ threshold.utproving }} then 2
        else 0
    end
{%- endmacro %}

{#- Each region of `rows` and the regions it is in, which a plan for them reaches: the region
    itself at distance 0, then the nearest first. Distances are even, so that a group of regions
    fits between them. -#}
{% macro regions_reached(rows) -%}
    select
        region_key,
        region_key as wider_key,
        0 as region_distance
    from {{ rows }}
    {%- for level in ['helsefellesskap', 'hf', 'fylke', 'rhf'] %}
        union all
        select
            region_key,
            {{ level }}_key as wider_key,
            {{ 2 * loop.index }} as region_distance
        from {{ rows }}
        where {{ level }}_key is not null and {{ level }}_key <> region_key
    {%- endfor %}
    union all
    select
        part.region_key,
        land.region_key as wider_key,
        10 as region_distance
    from {{ rows }} as part
    cross join {{ rows }} as land
    where land.region_level = 'land' and part.region_level <> 'land'
{%- endmacro %}

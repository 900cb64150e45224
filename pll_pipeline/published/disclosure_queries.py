"""The queries of the disclosure check, on the release attached as `release`.

The first five make temporary tables, in this order; the others read them.
Not here: what is done with the answers (`disclosure.py`).
"""

from __future__ import annotations

# What the publisher left each counted cell open to: a whole number within the publisher's own
# bounds and no more than the published denominator, which anyone can look up. Qualifiers such as
# "about" are not used as bounds. A cell with an unknown denominator is part of no sum.
CELLS = """
    create or replace temp table cell as
    select
        measure_code, region_key, actor_type_code, month, eligible_value,
        source_name,
        count_status = 'suppressed' as is_suppressed,
        not is_contradictory and (denominator_code is null or eligible_value is not null)
            as is_added,
        case
            when count_status = 'suppressed' then ceil(coalesce(count_lower, 0) - 1e-6)
            else coalesce(count_value, count_lower, 0)
        end as low,
        case
            when count_status = 'suppressed'
                -- a denominator below the publisher's own bound contradicts it, and bounds nothing
                then case
                    when coalesce(eligible_value, eligible_upper) >= coalesce(count_lower, 0)
                        then least(
                            coalesce(floor(count_upper + 1e-6), 'infinity'::double),
                            floor(coalesce(eligible_value, eligible_upper) + 1e-6)
                        )
                    else coalesce(floor(count_upper + 1e-6), 'infinity'::double)
                end
            else coalesce(count_value, count_upper, 'infinity'::double)
        end as high
    from release.star.fct_adoption
    where count_status is not null and count_status <> 'missing'
"""

# The least and the most that a sum may be: the bounds of its cells, added. A part that was split
# between two wholes may be in the whole or not, up to its share of the denominator.
BOUNDS_OVER_REGIONS = """
    create or replace temp table sum_bounds as
    select
        total.relation, total.measure_code, total.region_key, total.actor_type_code, total.month,
        any_value(total.part_level) as part_level,
        bool_or(cell.is_suppressed and cell.low < cell.high) as is_open,
        sum(case when region_part.part_share < 1 then 0 else cell.low end) as low,
        sum(
            case
                when region_part.part_share < 1
                    then least(cell.high, region_part.part_share * cell.eligible_value)
                else cell.high
            end
        ) as high
    from release.star.fct_adoption_sum as total
    inner join release.star.dim_region_part as region_part
        on
            total.relation = region_part.relation
            and total.region_key = region_part.whole_key
            and total.part_level = region_part.part_level
            and coalesce(region_part.valid_from <= total.month, true)
            and coalesce(total.month < region_part.valid_to, true)
    inner join cell
        on
            region_part.part_key = cell.region_key
            and total.measure_code = cell.measure_code
            and total.actor_type_code = cell.actor_type_code
            and total.month = cell.month
    where cell.is_added
    group by all
"""

# The same for sums over actor types: of the types that have a figure and are part of no other type
# that has one.
BOUNDS_OVER_ACTOR_TYPES = """
    insert into sum_bounds
    with recursive typed as (
        select
            'level' as relation, measure_code, region_key, actor_type_code, month, low, high,
            is_suppressed and low < high as is_open
        from cell
        where is_added
        union all
        select
            relation, measure_code, region_key, actor_type_code, month, low, high, is_open
        from sum_bounds
    ),
    ancestor as (
        select actor_type_code, parent_code
        from release.star.dim_actor_type
        where parent_code is not null
        union all
        select lower_type.actor_type_code, upper_type.parent_code
        from ancestor as lower_type
        inner join release.star.dim_actor_type as upper_type
            on lower_type.parent_code = upper_type.actor_type_code
        where upper_type.parent_code is not null
    ),
    outermost as (
        select typed.*
        from typed
        inner join release.star.dim_actor_type as actor_type
            on
                typed.actor_type_code = actor_type.actor_type_code
                and actor_type.actor_type_kind = 'actor'
        where not exists (
            select 1
            from typed as whole
            inner join ancestor on whole.actor_type_code = ancestor.parent_code
            where
                ancestor.actor_type_code = typed.actor_type_code
                and whole.relation = typed.relation
                and whole.measure_code = typed.measure_code
                and whole.region_key = typed.region_key
                and whole.month = typed.month
        )
    )
    select
        total.relation, total.measure_code, total.region_key, 'alle', total.month, 'actor_type',
        bool_or(outermost.is_open), sum(outermost.low), sum(outermost.high)
    from release.star.fct_adoption_sum as total
    inner join outermost
        on
            total.relation = outermost.relation
            and total.measure_code = outermost.measure_code
            and total.region_key = outermost.region_key
            and total.month = outermost.month
    where total.part_level = 'actor_type'
    group by total.relation, total.measure_code, total.region_key, total.month
"""

# Every row of adoption that we publish, with the region of its own time.
PUBLISHED = """
    create or replace temp table published as
    select
        'fct_adoption_month' as published_in, 'level' as relation, measure_code, region_key,
        actor_type_code, month, basis, adoption_count, adoption_count_lower, adoption_count_upper,
        eligible_count, adoption_share, share_lower, share_upper
    from release.star.fct_adoption_month
    union all
    select
        'mart_adoption_by_region_actor_month', 'level', measure_code, region_key, actor_type_code,
        month, basis, adoption_count, adoption_count_lower, adoption_count_upper, eligible_count,
        adoption_share, share_lower, share_upper
    from release.marts.mart_adoption_by_region_actor_month
    union all
    select
        'mart_adoption_by_current_region_actor_month',
        case when region_of_month_key is null then 'reform' else 'level' end, measure_code,
        coalesce(region_of_month_key, region_key), actor_type_code, month, basis, adoption_count,
        adoption_count_lower, adoption_count_upper, eligible_count, adoption_share, share_lower,
        share_upper
    from release.marts.mart_adoption_by_current_region_actor_month
"""

# Everything that we publish of a sum, as an interval of counts: the sum itself, the count in a row
# of adoption, and its share of the denominator.
FIGURES = """
    create or replace temp table figure as
    select
        'fct_adoption_sum' as published_in, relation, measure_code, region_key, actor_type_code,
        month, count_value as value, count_lower as low, count_upper as high, 0.0 as slack
    from release.star.fct_adoption_sum
    union all
    select
        published_in, relation, measure_code, region_key, actor_type_code, month, adoption_count,
        adoption_count_lower, adoption_count_upper, 0.5
    from published
    where basis = 'aggregated'
    union all
    select
        published_in || ', shares', relation, measure_code, region_key, actor_type_code, month,
        adoption_share * eligible_count, share_lower * eligible_count,
        case when share_upper < 1 then share_upper * eligible_count end,
        0.5 + eligible_count * 1e-6
    from published
    where basis = 'aggregated' and eligible_count is not null
"""

NARROW = """
    select
        figure.published_in, figure.relation, figure.measure_code, figure.region_key,
        figure.actor_type_code, figure.month, sum_bounds.part_level,
        figure.value, figure.low, figure.high, figure.slack
    from figure
    inner join sum_bounds using (relation, measure_code, region_key, actor_type_code, month)
    where
        sum_bounds.is_open
        and (
            figure.value is not null
            or figure.low > sum_bounds.low + figure.slack + {edge}
            or figure.high < sum_bounds.high - figure.slack - {edge}
        )
    order by all
"""

# Figures of a single cell that are tighter than the cell's own bounds.
TIGHT_CELLS = """
    select
        published.published_in, cell.measure_code, cell.region_key, cell.actor_type_code,
        cell.month, cell.low, cell.high,
        coalesce(adoption_count, share_lower * cell.eligible_value) as published_low,
        coalesce(adoption_count, share_upper * cell.eligible_value) as published_high
    from published
    inner join cell using (measure_code, region_key, actor_type_code, month)
    where
        cell.is_suppressed and cell.low < cell.high and published.basis = 'derived'
        and (
            adoption_count is not null
            or adoption_share is not null
            or adoption_count_lower > cell.low + {edge}
            or adoption_count_upper < cell.high - {edge}
            or share_lower * cell.eligible_value > cell.low + cell.eligible_value * 1e-6
            or (
                share_upper < 1
                and share_upper * cell.eligible_value < cell.high - cell.eligible_value * 1e-6
            )
        )
    order by all
"""

# Suppressed cells that published wholes and the other parts leave less open, with the whole that
# does it. Only where every part of the whole is published, and is in no other whole of its level.
DISCLOSED_BY_OTHERS = """
    with part as (
        select
            region_part.whole_key, region_part.part_level, cell.*,
            count(*) over whole as part_count,
            sum(cell.low) over whole as low_of_parts,
            sum(cell.high) over whole as high_of_parts
        from release.star.dim_region_part as region_part
        inner join cell
            on
                region_part.part_key = cell.region_key
                and coalesce(region_part.valid_from <= cell.month, true)
                and coalesce(cell.month < region_part.valid_to, true)
        where region_part.relation = 'level' and region_part.part_share = 1
        window whole as (
            partition by
                region_part.whole_key, region_part.part_level, cell.measure_code,
                cell.actor_type_code, cell.month
        )
    ),
    expected as (
        select region_part.whole_key, region_part.part_level, calendar.month, count(*) as part_count
        from release.star.dim_region_part as region_part
        inner join (select distinct month from cell) as calendar
            on
                coalesce(region_part.valid_from <= calendar.month, true)
                and coalesce(calendar.month < region_part.valid_to, true)
        where region_part.relation = 'level'
        group by all
    )
    select distinct on (part.measure_code, part.region_key, part.actor_type_code, part.month)
        part.measure_code, part.region_key, part.actor_type_code, part.month,
        part.source_name, whole.region_key, whole.source_name,
        greatest(part.low, whole.low - (part.high_of_parts - part.high)) as low,
        least(part.high, whole.high - (part.low_of_parts - part.low)) as high
    from part
    inner join expected using (whole_key, part_level, month, part_count)
    inner join cell as whole
        on
            part.whole_key = whole.region_key
            and part.measure_code = whole.measure_code
            and part.actor_type_code = whole.actor_type_code
            and part.month = whole.month
    where
        part.is_suppressed and part.low < part.high
        -- a whole that its parts cannot come to says nothing of them
        and whole.high >= part.low_of_parts and whole.low <= part.high_of_parts
        and (
            whole.low - (part.high_of_parts - part.high) > part.low + {edge}
            or whole.high - (part.low_of_parts - part.low) < part.high - {edge}
        )
    -- of several wholes that of another publisher
    order by
        part.measure_code, part.region_key, part.actor_type_code, part.month,
        part.source_name = whole.source_name, whole.region_key
"""

# Earlier figures of cells that their publisher withholds now, shown by any table of revisions.
WITHHELD_SHOWN = """
    with withheld as (
        select distinct
            source_name, measure_code, region_key, actor_type_code, period_start, period_end,
            period_grain
        from release.star.fct_observation_revision
        where known_to is null and status = 'suppressed' and period_end is not null
    ),
    shown as (
        select
            source_name, measure_code, region_key, actor_type_code, period_start, period_end,
            period_grain
        from release.star.fct_observation_revision
        where status <> 'suppressed'
        union all
        select
            source_name, measure_code, region_key, actor_type_code, period_start, period_end,
            period_grain
        from release.marts.mart_revisions
        where coalesce(value_before, value_after) is not null
    )
    select shown.measure_code, shown.region_key, shown.actor_type_code, shown.period_end
    from shown
    inner join withheld
        using (
            source_name, measure_code, region_key, actor_type_code, period_start, period_end,
            period_grain
        )
    order by all
"""

UNKNOWN_STATUSES = """
    select count_status, count(*) as rows
    from release.star.fct_adoption
    where not list_contains(?, count_status)
    group by count_status
    order by count_status
"""
# Counts that were only ever published as suppressed, and that the adoption tables show as open.
STATUS_LOST = """
    select
        adoption.measure_code, adoption.region_key, adoption.actor_type_code, adoption.month
    from (
        select measure_code, region_key, actor_type_code, month
        from release.star.fct_observation
        where month is not null
        group by measure_code, region_key, actor_type_code, month
        having bool_and(status = 'suppressed')
    ) as withheld
    inner join release.star.dim_measure as measure
        on
            measure.is_adoption
            and withheld.measure_code = case
                when measure.unit = 'share' then measure.numerator_code
                else measure.measure_code
            end
    inner join release.star.fct_adoption as adoption
        on
            measure.measure_code = adoption.measure_code
            and withheld.region_key = adoption.region_key
            and withheld.actor_type_code = adoption.actor_type_code
            and withheld.month = adoption.month
    where adoption.count_status <> 'suppressed'
    order by all
"""
CELLS_NOT_COMPARED = """
    select cell.measure_code, cell.region_key, cell.actor_type_code, cell.month
    from cell
    anti join (
        select * from published where published_in = '{table}'
    ) as published using (measure_code, region_key, actor_type_code, month)
    where cell.is_suppressed
    order by all
"""
SUMS_NOT_COMPARED = """
    select figure.measure_code, figure.region_key, figure.actor_type_code, figure.month
    from figure
    anti join sum_bounds using (relation, measure_code, region_key, actor_type_code, month)
    order by all
"""
COUNTS = """
    select
        (select count(*) from cell where is_suppressed),
        (select count(*) from figure),
        (
            select count(*)
            from published
            semi join (select * from cell where is_suppressed) as cell
                using (measure_code, region_key, actor_type_code, month)
        )
"""

"""Against the plan: the targets of the country with what is reached, and areas in the roll-out.

Not here: forecasts (`forecast.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pll_pipeline.published.page import charts
from pll_pipeline.published.page.charts import Axes, Description, Due, Line
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.formats import NBSP
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import (
    Cell,
    Figure,
    Note,
    Panel,
    Part,
    Section,
    Table,
    table_of,
)
from pll_pipeline.published.page.rows import Row, distinct, grouped, known, where
from pll_pipeline.published.page.sections.curves import withheld

_MOST_PANELS = 6
_MOST_AREAS = 30
_LABEL_ROOM = 0.85  # beside the last diamond, as a part of the axis

_Series = tuple[Any, ...]  # measure and actor type


def section(data: PageData, texts: PageTexts) -> Section:
    """The targets of the country with what is reached, and areas in the roll-out."""
    parts: list[Part] = [_targets(data, texts) if data["target"] else Note(texts.get("plan_none"))]
    if data["target_count"]:
        counts = [
            f"{texts.format.number(row['target_count'])} {_status(row, texts)}"
            for row in data["target_count"]
        ]
        parts.append(Note(texts.get("plan_regions", counts=texts.format.listed(counts))))
    if data["rollout"]:
        parts.append(_rollout(data, texts))
    else:
        parts.append(Note(texts.get("rollout_none")))
    return Section("plan", texts.get("plan"), (texts.get("plan_intro"),), tuple(parts))


def _targets(data: PageData, texts: PageTexts) -> Figure:
    """A panel per series with targets that can be drawn, and all targets in a table."""
    drawn = _drawn_targets(data["target"])
    paths = {series: _path(series, data) for series in drawn}
    first = next(iter(drawn.values()), data["target"])
    is_measured = any(known(path) for path in paths.values())
    figure = Figure(
        name="plan",
        headline=_headline(first, texts),
        subtitle=texts.get(
            "plan_sub" if is_measured else "plan_sub_unmeasured",
            measure=texts.measure(first[0]["measure_code"]),
            actor=texts.in_brackets(first[0]["actor_type_code"]),
        ),
        release_table="mart_target_status",
        panels=_panels(drawn, paths, texts),
        tables=(_target_table(data["target"], texts),),
    )
    return with_data(figure, data["target"], data, texts, left_out=("statement_address",))


def _drawn_targets(targets: Sequence[Row]) -> dict[_Series, list[Row]]:
    """The targets that are shares to reach by a day, of the first series that have any."""
    shares = where(targets, unit="share", direction="at_least")
    by_series = grouped(known(shares, "due_end"), "measure_code", "actor_type_code")
    return dict(list(by_series.items())[:_MOST_PANELS])


def _path(series: _Series, data: PageData) -> list[Row]:
    measure, actor_type = series
    return where(data["target_path"], measure_code=measure, actor_type_code=actor_type)


def _panels(
    drawn: Mapping[_Series, list[Row]], paths: Mapping[_Series, list[Row]], texts: PageTexts
) -> tuple[Panel, ...]:
    days = [row["due_end"] for targets in drawn.values() for row in targets]
    days += [row["month"] for path in paths.values() for row in path]
    if not days:
        return ()
    axes = charts.axes_of(days, texts.format).widened(_LABEL_ROOM)
    return tuple(
        _panel(series, targets, paths[series], axes, texts) for series, targets in drawn.items()
    )


def _panel(
    series: _Series, targets: Sequence[Row], path: Sequence[Row], axes: Axes, texts: PageTexts
) -> Panel:
    title = texts.series(*series)
    due = [Due(row["due_end"], row["target_value"], _label(row, texts)) for row in targets]
    line = Line(title, [(row["month"], row["adoption_share"]) for row in path], withheld(path))
    description = Description(
        title,
        texts.get(
            "plan_alt",
            targets=texts.format.listed([_target_by(row, texts) for row in targets]),
            path=_path_in_words(path, texts),
        ),
    )
    return Panel(title, "", charts.targets(line, due, axes, description))


def _path_in_words(path: Sequence[Row], texts: PageTexts) -> str:
    shares = known(path)
    if not shares:
        return texts.get("plan_alt_no_path")
    first, last = shares[0], shares[-1]
    return texts.get(
        "plan_alt_path",
        first=texts.format.share(first["adoption_share"]),
        first_month=texts.format.month(first["month"]),
        last=texts.format.share(last["adoption_share"]),
        last_month=texts.format.month(last["month"]),
    )


def _headline(targets: Sequence[Row], texts: PageTexts) -> str:
    """What is reached of the first series with a target, and its next target."""
    newest = next(iter(known(targets, "newest_value")), None)
    statuses = {target["target_status"] for target in targets}
    if newest is None or not statuses & {"open", "missed", "reached", "reached_late"}:
        listed = texts.format.listed([_target_by(row, texts) for row in targets])
        return texts.get("plan_head_unmeasured", targets=listed)
    reached = texts.format.value(newest["newest_value"], targets[0]["unit"])
    still_open, missed = (where(targets, target_status=s) for s in ("open", "missed"))
    if statuses <= {"reached", "reached_late"}:
        return texts.get("plan_head_reached", share=reached)
    target = still_open[0] if still_open else (missed or targets)[-1]
    return texts.get(
        "plan_head_open" if still_open else "plan_head_missed",
        share=reached,
        target=texts.format.value(target["target_value"], target["unit"]),
        due=_due(target, texts),
    )


def _label(target: Row, texts: PageTexts) -> tuple[str, str]:
    """The label of a target in two lines: its share, and when it is due."""
    return texts.format.share(target["target_value"]), _due(target, texts)


def _target_by(target: Row, texts: PageTexts) -> str:
    value = texts.format.value(target["target_value"], target["unit"])
    return texts.get("target_by", target=value, due=_due(target, texts))


def _due(target: Row, texts: PageTexts) -> str:
    """When a target is due: by the end of a period, or by a day."""
    key = "by_day" if target["due_grain"] == "day" else "by_end_of"
    return texts.get(key, period=_due_period(target, texts))


def _due_period(target: Row, texts: PageTexts) -> str:
    return texts.format.period(
        target["due_grain"], target["due_start"], target["due_end"], short=True
    )


def _status(row: Row, texts: PageTexts) -> str:
    return texts.get(f"status_{row['target_status']}")


def _target_table(targets: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("measure"), "text"),
        (texts.get("due"), "text"),
        (texts.get("target"), "number"),
        (texts.get("newest"), "number"),
        (texts.get("newest_period"), "text"),
        (texts.get("distance"), "number"),
        (texts.get("pace"), "number"),
        (texts.get("pace_observed"), "number"),
        (texts.get("status"), "text"),
    ]
    rows = (_target_row(row, texts) for row in targets)
    return table_of(texts.get("plan_table"), heads, rows)


def _target_row(target: Row, texts: PageTexts) -> list[str | Cell]:
    unit = target["unit"]
    name = texts.series(target["measure_code"], target["actor_type_code"])
    newest = target["newest_value"]
    newest_text = texts.get("not_published")
    if newest is not None:
        newest_text = texts.format.qualified(
            texts.format.value(newest, unit), target["newest_qualifier"]
        )
    newest_end = target["newest_period_end"]
    return [
        Cell(name, address=target["statement_address"] or ""),
        _due_period(target, texts),
        texts.format.value(target["target_value"], unit),
        newest_text,
        texts.format.month(newest_end) if newest_end else "–",
        _difference(target["distance"], unit, texts),
        _difference(target["pace_needed_per_month"], unit, texts),
        _difference(target["pace_per_month"], unit, texts),
        _status(target, texts),
    ]


def _difference(value: float | None, unit: str, texts: PageTexts) -> str:
    if value is None:
        return "–"
    return texts.format.points(value) if unit == "share" else texts.format.number(value, 1)


def _rollout(data: PageData, texts: PageTexts) -> Figure:
    """The phase of each area in a table."""
    rollout = data["rollout"]
    shown = _shown_areas(rollout)
    area_count = len(distinct(rollout, "region_name"))
    areas = texts.get("rollout_area")
    if area_count != 1:
        areas = texts.get("rollout_areas", count=texts.format.number(area_count))
    notes = [texts.get("rollout_basis")]
    if len(shown) < len(rollout):
        counts = {"shown": len(shown), "all": len(rollout)}
        numbers = {name: texts.format.number(count) for name, count in counts.items()}
        notes.append(texts.get("rollout_note", **numbers))
    figure = Figure(
        name="rollout",
        headline=_rollout_headline(rollout, areas, texts),
        subtitle=texts.get("rollout_sub", month=texts.format.month(rollout[0]["month"])),
        release_table="mart_rollout_by_area_month",
        main_table=_rollout_table(shown, texts),
        notes=tuple(notes),
    )
    return with_data(figure, shown, data, texts, left_out=("region_key", "observed_basis"))


def _rollout_headline(rollout: Sequence[Row], areas: str, texts: PageTexts) -> str:
    """How many of the areas with a plan are behind it, where that is known of any of them."""
    compared = known(rollout, "is_behind_plan")
    if not compared:
        return texts.get("rollout_head", areas=areas)
    return texts.get(
        "rollout_head_behind",
        behind=texts.format.number(len(where(compared, is_behind_plan=True))),
        compared=texts.format.number(len(compared)),
        open=texts.format.number(len(rollout) - len(compared)),
    )


def _shown_areas(rollout: Sequence[Row]) -> Sequence[Row]:
    """All areas; where they are too many, those of the actor type with most of them."""
    if len(rollout) <= _MOST_AREAS:
        return rollout
    by_actor_type = grouped(rollout, "actor_type_code")
    return max(by_actor_type.values(), key=len)[:_MOST_AREAS]


def _rollout_table(rollout: Sequence[Row], texts: PageTexts) -> Table:
    columns = ("area", "actor_type", "planned", "reported", "observed")
    heads = [*((texts.get(column), "text") for column in columns), (texts.get("lag"), "number")]
    rows: list[list[str | Cell]] = [
        [
            Cell(row["region_name"], address=texts.area_address(row["region_key"])),
            texts.actor_type(row["actor_type_code"]),
            _planned_phase(row, texts),
            texts.phase(row["reported_phase"]),
            texts.phase(row["observed_phase"]),
            _lag(row, texts),
        ]
        for row in rollout
    ]
    return table_of(texts.get("rollout_table"), heads, rows)


def _planned_phase(row: Row, texts: PageTexts) -> str:
    phase, basis = texts.phase(row["planned_phase"]), row["planned_basis"]
    if basis in ("inherited", "inferred"):
        return f"{phase} ({texts.get(f'basis_{basis}')})"
    return phase


def _lag(row: Row, texts: PageTexts) -> str:
    """The lag behind the plan: months, bounds where shares are withheld, or why there is none."""
    if row["planned_phase"] is None:
        return texts.get("lag_no_plan")
    bounds = row["lag_months_lower"], row["lag_months_upper"]
    if row["lag_months"] is not None:
        return texts.get("lag_value", months=texts.format.number(row["lag_months"]))
    if None in bounds:
        return texts.get("lag_unknown")
    lower, upper = (texts.format.number(months) for months in bounds)
    return texts.get(
        "lag_value", months=lower if lower == upper else f"{lower}{NBSP}–{NBSP}{upper}"
    )

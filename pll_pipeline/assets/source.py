"""One source in the night: the steps that ask and judge, as one graph with the assets of both
layers.

Two assets in steps of their own would not do: a raw asset without new bytes is not materialised,
and Dagster skips what depends on it. Within the graph the second step depends on an output of the
first that exists in every run. Not here: the steps (`assets/raw.py`, `assets/validated.py`).
"""

from typing import Any

import dagster as dg

from pll_pipeline.assets.raw import ANSWERED, RECENT, ask_step, raw_checks, raw_key, raw_spec
from pll_pipeline.assets.validated import (
    RULES,
    judge_step,
    validated_checks,
    validated_key,
    validated_spec,
)
from pll_pipeline.config import Config
from pll_pipeline.sources.model import Source


def graph_name(source_name: str) -> str:
    """The name of a source's graph, as run config addresses it."""
    return f"source_{source_name}"


def source_assets(config: Config, source: Source) -> dg.AssetsDefinition:
    """The assets `raw/<name>` and `validated/<name>` of one source, each with its checks."""
    specs = {spec.key: spec for spec in (raw_spec(source), validated_spec(source))}
    checks = [*raw_checks(source), *validated_checks(source)]
    assets = dg.AssetsDefinition.from_graph(
        _graph(config, source, {check.name: check.get_python_identifier() for check in checks}),
        keys_by_output_name={"raw": raw_key(source), "validated": validated_key(source)},
        internal_asset_deps={"raw": set(), "validated": {raw_key(source)}},
        check_specs=checks,
    )
    return assets.map_asset_specs(lambda spec: specs[spec.key])


def _graph(config: Config, source: Source, output_of_check: dict[str, str]) -> dg.GraphDefinition:
    ask, judge = ask_step(config, source), judge_step(config, source)
    outputs = ("raw", "validated", *output_of_check.values())

    @dg.graph(name=graph_name(source.name), out={name: dg.GraphOut() for name in outputs})
    def steps() -> dict[str, Any]:
        raw, asked, answered, recent = ask()
        validated, rules = judge(asked)
        return {
            "raw": raw,
            "validated": validated,
            output_of_check[ANSWERED]: answered,
            output_of_check[RECENT]: recent,
            output_of_check[RULES]: rules,
        }

    return steps

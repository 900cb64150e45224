# The two commands: `make run` and `make test`. Each sets up what it needs inside this folder; nothing outside it changes.
# Only relative paths below, so that a folder named "min mappe ø" works too.

SHELL := /bin/sh
.DEFAULT_GOAL := help

export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export UV_CACHE_DIR := .cache/uv
export UV_PYTHON_DOWNLOADS := never
# compiled once here, not at each start of `pll` and dbt
export UV_COMPILE_BYTECODE := 1
export PIP_CACHE_DIR := .cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SQL := dbt_project/models dbt_project/macros dbt_project/tests
YAML := .yamllint .pre-commit-config.yaml workspace.yaml dbt_project pll_pipeline tests data/corrections

UV := .uv/bin/uv

.PHONY: help setup run check format test test-engine attack audit sbom bench serve lock generated clean

help:
	@echo "make run      set up, run the night on the snapshots there are, publish a release"
	@echo "make test     set up, run every test"
	@echo "make test-engine  the same figures on a real Spark of two workers; needs Java 17"
	@echo "make check    format, lint and types: what CI checks before the tests"
	@echo "make format   format the code and repair what the linter can"
	@echo "make serve    Dagster's page and the nightly schedule on 127.0.0.1"
	@echo "make attack   kills, damage, hostile bytes and publishers, and what became of each"
	@echo "make audit    the locked packages against advisories     make sbom    packages and licences"
	@echo "make bench    how fast, as ratios inside one run, and how well forecasts do"
	@echo "make lock     renew uv.lock     make generated   renew the files written from code"

.uv/bin/uv: .ci/uv.txt
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed as python3"; exit 1; }
	@echo "fetching uv ..."
	@python3 -m venv .uv
	@.uv/bin/python -m pip install --quiet --require-hashes -r .ci/uv.txt
	@touch .uv/bin/uv

# What a night needs, and no test packages; packages that are already there stay.
.venv/.product: pyproject.toml uv.lock $(UV)
	@$(UV) sync --locked --quiet --no-default-groups --inexact
	@touch .venv/.product

.venv/.complete: pyproject.toml uv.lock $(UV)
	@$(UV) sync --locked --quiet
	@touch .venv/.product .venv/.complete

# The tools that read the code are in an environment of their own, resolved apart from the product.
.venv-check/.complete: pyproject.toml uv.lock $(UV)
	@UV_PROJECT_ENVIRONMENT=.venv-check $(UV) sync --locked --quiet --only-group check
	@touch .venv-check/.complete

setup: .venv/.complete

run: .venv/.product
	@.venv/bin/pll run

test: setup
	@PATH=".uv/bin:$$PATH" .venv/bin/python -m pytest -n 2 --dist loadfile

check: setup .venv-check/.complete
	@.venv-check/bin/ruff format --check --quiet .
	@.venv-check/bin/ruff check --quiet --output-format concise .
	@.venv-check/bin/mypy --python-executable .venv/bin/python
	@.venv-check/bin/sqlfluff lint --processes 2 --disable-progress-bar $(SQL)
	@.venv-check/bin/yamllint --strict $(YAML)
	@echo "check: everything is clean"

format: .venv-check/.complete
	@.venv-check/bin/ruff check --fix --quiet --exit-zero .
	@.venv-check/bin/ruff format --quiet .

# The library that the forecast is compared with is in an environment of its own: it brings pandas.
.venv-bench/.complete: pyproject.toml uv.lock $(UV)
	@UV_PROJECT_ENVIRONMENT=.venv-bench $(UV) sync --locked --quiet --group bench
	@touch .venv-bench/.complete

# A real Spark of two workers on loopback, in an environment of its own: pyspark is large.
.venv-engine/.complete: pyproject.toml uv.lock $(UV)
	@UV_PROJECT_ENVIRONMENT=.venv-engine $(UV) sync --locked --quiet --extra spark --group engine
	@touch .venv-engine/.complete

test-engine: .venv-engine/.complete
	@command -v java >/dev/null || { echo "make test-engine needs Java 17, as in Debian's openjdk-17-jre-headless"; exit 1; }
	@.venv-engine/bin/python -m pytest tests/engine

# KILLS=200 kills so many, FOLDER=… keeps what was done and goes on with it another time.
attack: setup
	@.venv/bin/python -m tests.attack $(if $(KILLS),--kills $(KILLS) --minutes 600) $(if $(FOLDER),--folder "$(FOLDER)")

# Exit code 4: no advisory service could be reached, and nothing was audited.
audit: $(UV) .venv-check/.complete
	@.venv-check/bin/python .ci/audit.py

sbom: .venv/.product .venv-check/.complete
	@.venv-check/bin/python .ci/sbom.py

bench: setup .venv-bench/.complete
	@.venv/bin/python -m tests.bench.bench_night && .venv/bin/python -m tests.bench.bench_history && .venv/bin/python -m tests.bench.bench_readers && .venv/bin/python -m tests.bench.bench_check && .venv/bin/python -m tests.bench.bench_demo && .venv/bin/python -m tests.bench.bench_outputs && .venv/bin/python -m tests.bench.backtest && .venv-bench/bin/python -m tests.bench.libraries

serve: .venv/.product
	@.venv/bin/pll serve

lock: $(UV)
	$(UV) lock

generated: setup
	.venv/bin/python -m pll_pipeline.star.model_files
	.venv/bin/python -m pll_pipeline.published.registry_files
	.venv/bin/python -m pll_pipeline.sources

clean:
	rm -rf .venv .venv-check .venv-bench .venv-engine .uv .cache dist data/validated data/build data/dagster data/logs

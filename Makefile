# Everything a newcomer needs; `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
SOURCES := pyproject.toml $(shell find geo models data dashboard -type f -not -path '*/node_modules/*' -not -path '*/__pycache__/*' -not -path 'dashboard/map/src/*' -not -path 'dashboard/map/test/*' 2>/dev/null)
SCALE ?= city
# The lock names every package with its hash: nothing is left to resolve, and modules compile when first used.
LOCKED := --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 18

setup: $(VENV)/.installed ## make the environment in .venv, with .venv/bin/pingqi

run: setup ## start the server; makes the demo city first if there is no store (SCALE=small|district|city)
	@$(BIN)/pingqi serve --demo-if-empty --scale $(SCALE)

test: $(VENV)/.dev ## run the tests; those in a browser last and one by one, as two Chromiums starve each other
	@$(BIN)/pytest -m "not browser" --numprocesses=2 --dist=loadfile
	@$(BIN)/pytest -m browser

lint: $(VENV)/.dev ## ruff, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev ## mypy, strict on geo, models and data
	$(BIN)/mypy

bench: $(VENV)/.bench ## map, import and demo against their peers
	$(BIN)/python benchmarks/map_speed.py
	$(BIN)/python benchmarks/import_rate.py
	$(BIN)/python benchmarks/demo_city.py

bench-align: $(VENV)/.bench ## levelling: the demo city as drawn, judged from its files
	$(BIN)/python benchmarks/alignment.py

bench-grids: $(VENV)/.bench ## micro-grids: the demo city judged, against METIS, stability, edits
	$(BIN)/python benchmarks/grid_proposal.py
	$(BIN)/python benchmarks/grids.py
	$(BIN)/python benchmarks/grid_edits.py
	$(BIN)/python benchmarks/grid_publishing.py

bench-overlays: $(VENV)/.bench ## a million records over six levels against geopandas and DuckDB
	$(BIN)/python benchmarks/overlays.py

bundle: ## rebuild the map component's JavaScript (needs Node)
	cd dashboard/map && npm ci --ignore-scripts --no-audit --no-fund && npm run check && npm test && npm run build

screenshots: $(VENV)/.dev ## make the pictures of the docs (needs Chromium)
	$(BIN)/python docs/screenshots.py

messages: $(VENV)/.dev ## bring the translation catalogue up to date with the code
	PYTHONPATH=. $(BIN)/python dashboard/translations/update.py

migrate: setup ## bring the store's schema up to date
	@$(BIN)/pingqi doctor

lock: ## renew the locked requirements (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml --group build -o requirements/base.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml --group build --group dev -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml --group build --group dev --extra bench -o requirements/bench.txt

clean: ## remove the environment and caches; the store in var/ stays
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.base: requirements/base.txt
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新的版本。 Python 3.11 or newer is needed." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install $(LOCKED) -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.installed
	@$(BIN)/python -m pip install $(LOCKED) -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	@$(BIN)/python -m pip install $(LOCKED) -r requirements/bench.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.base $(SOURCES)
	@rm -rf build *.egg-info
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
	@rm -rf build *.egg-info
	@touch $@

.PHONY: help setup run test lint types bench bench-align bench-grids bench-overlays bundle screenshots messages migrate lock clean

# Two promises: `make run` and `make test` work on a machine with Python 3.11 or later, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv is used when present, else fetched through pip into a folder of its own.
UV := $(shell command -v uv || echo .uv/bin/uv)
# Many images forbid Python to keep what it compiles: each process would compile its libraries again, which is half of
# the time it takes to start, or more.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
export UV_VENV_CLEAR := 1
export DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: run test soak dev lint format lock contracts clean

run: $(VENV)/.ready
	$(BIN)/aftersales run

test: $(VENV)/.ready lint
	$(BIN)/pytest

# Faults and hostile input at random, for SOAK_MINUTES (20).
soak: $(VENV)/.ready
	$(BIN)/python -m tests.soak

dev: $(VENV)/.ready
	umask 077 && mkdir -p $(DAGSTER_HOME) && cp dagster_project/dagster.yaml $(DAGSTER_HOME)/
	umask 077 && $(BIN)/dagster dev --module-name dagster_project.definitions --host 127.0.0.1 --port 3000

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What is generated from the data contracts: dbt's sources and staging models, docs/datasets.md.
contracts: $(VENV)/.ready
	$(BIN)/python -m dagster_project.contracts.staging
	$(BIN)/python -m dagster_project.contracts.reference_page

lock: $(UV)
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url \
		--python-version 3.11 --output-file requirements.lock

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.ready: requirements.lock pyproject.toml | $(UV)
	$(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	touch $@

clean:
	rm -rf $(VENV) .uv data dbt/target dbt/logs

# Two promises: `make run` and `make test` work on a machine with Python 3.11 or later, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make LOCK=requirements-spark.lock …`: with what talks to a Spark cluster.
LOCK ?= requirements.lock
# uv is used when present, else fetched through pip into a folder of its own.
UV := $(shell command -v uv || echo .uv/bin/uv)
# Many images forbid Python to keep what it compiles: each process would compile its libraries again, which is half of
# the time it takes to start, or more.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
export UV_VENV_CLEAR := 1
export DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

# An environment of its own for the tests on Spark, with a cluster in it.
SPARK := .venv-spark
# Java's driver for Postgres, of Debian 12: in no registry of Python packages.
POSTGRES_DRIVER_PACKAGE := libpostgresql-jdbc-java=42.5.5-0+deb12u1
POSTGRES_DRIVER := $(SPARK)/share/java/postgresql.jar
POSTGRES_DRIVER_SHA256 := e68b153660caa7f47505d323829e995bd84fec7a30d2160f3ca272f774569a22

.PHONY: run test test-spark test-spark-short soak dev pictures lint style format lock contracts clean

run: $(VENV)/.ready
	$(BIN)/aftersales run

# Types and SQL are checked by tests, beside the others.
test: style
	$(BIN)/pytest

# The same project on a Spark cluster, which the tests start and stop. The short form builds and checks no store there.
test-spark: $(SPARK)/.ready
	$(SPARK)/bin/pytest tests/spark --numprocesses 0

test-spark-short: $(SPARK)/.ready
	$(SPARK)/bin/pytest $(addprefix tests/spark/test_,lake.py cluster.py loaders.py macros.py) --numprocesses 0

# Faults and hostile input at random, for SOAK_MINUTES (20).
soak: $(VENV)/.ready
	$(BIN)/python -m tests.soak

dev: $(VENV)/.ready
	umask 077 && mkdir -p $(DAGSTER_HOME) && cp dagster_project/dagster.yaml $(DAGSTER_HOME)/
	umask 077 && $(BIN)/dagster dev --module-name dagster_project.definitions --host 127.0.0.1 --port 3000

# The README's pictures, drawn anew of the sample store with Debian's Chromium.
PICTURED := $(CURDIR)/data/pictures
DRAW := chromium --headless --no-sandbox --hide-scrollbars --virtual-time-budget=30000
pictures: export AFTERSALES_DATA_DIR := $(PICTURED)
pictures: export AFTERSALES_LANDING_DIR := $(PICTURED)/landing
pictures: export AFTERSALES_AS_OF := 2025-11-30
pictures: export DAGSTER_HOME := $(PICTURED)/dagster
pictures: $(VENV)/.ready
	command -v chromium || { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium fonts-liberation fonts-noto-cjk; }
	$(BIN)/aftersales sample $(PICTURED)/landing
	$(BIN)/aftersales run
	$(BIN)/aftersales report --store S001 --month 2025-10
	$(DRAW) --window-size=1120,1090 --screenshot=docs/images/report.png file://$(PICTURED)/reports/monthly/S001/2025-10/report.html
	mkdir -p $(DAGSTER_HOME) && cp dagster_project/dagster.yaml $(DAGSTER_HOME)/
	$(BIN)/dagster-webserver --module-name dagster_project.definitions --port 3001 & trap "kill $$!" EXIT; \
	until curl --silent --fail --output /dev/null http://127.0.0.1:3001/server_info; do sleep 1; done; \
	$(DRAW) --window-size=1500,1040 --screenshot=docs/images/dagster.png http://127.0.0.1:3001/asset-groups

lint: style
	$(BIN)/mypy

style: $(VENV)/.ready
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
	$(UV) pip compile pyproject.toml --extra spark --group dev --group spark-cluster --constraint requirements.lock \
		--universal --generate-hashes --no-emit-index-url --python-version 3.11 --output-file requirements-spark.lock

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

# Ends with dbt's reading of the project, which is kept for the first run in any data folder.
$(VENV)/.ready: $(LOCK) pyproject.toml | $(UV)
	$(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python $(LOCK)
	$(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	cd dbt && AFTERSALES_DATA_DIR=. ../$(BIN)/dbt --quiet parse --target duckdb --target-path target/parsed
	touch $@

$(SPARK)/.ready: requirements-spark.lock pyproject.toml | $(UV)
	$(UV) venv --quiet --python $(PYTHON) $(SPARK)
	$(UV) pip sync --quiet --require-hashes --python $(SPARK)/bin/python requirements-spark.lock
	$(UV) pip install --quiet --no-deps --python $(SPARK)/bin/python --editable .
	mkdir -p $(dir $(POSTGRES_DRIVER)) $(SPARK)/debian
	cd $(SPARK)/debian && { apt-get download -qq $(POSTGRES_DRIVER_PACKAGE) || { apt-get update -qq && apt-get download -qq $(POSTGRES_DRIVER_PACKAGE); }; }
	dpkg-deb --fsys-tarfile $(SPARK)/debian/libpostgresql-jdbc-java_*.deb | tar -xO ./usr/share/java/postgresql.jar > $(POSTGRES_DRIVER)
	echo "$(POSTGRES_DRIVER_SHA256)  $(POSTGRES_DRIVER)" | sha256sum --check --quiet
	touch $@

# The environments and what is built; the data stays: it holds the lake, all published states and the hash key.
clean:
	rm -rf $(VENV) $(SPARK) .uv .mypy_cache .ruff_cache .pytest_cache dbt/target dbt/logs

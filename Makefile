# make setup   install into .venv          make demo       a hub and three simulated clusters, live
# make test    every test                  make coverage   the same, and the lines that none of them runs
# make lint    style, types, import floors
# make bench   the numbers in the README   make clean      remove what the others made
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
# One more than there are cores: the tests beside Alertmanager wait for minutes and work for seconds.
JOBS ?= $(shell expr $$(nproc) + 1)
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

export UV_PROJECT_ENVIRONMENT := $(VENV)

.PHONY: setup demo test coverage lint bench clean

setup: $(VENV)/.installed

# The lock file is the recipe: a changed lock or project file installs anew.
$(VENV)/.installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("farwatch needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --frozen --all-extras --inexact --compile-bytecode
	@touch $@

demo: setup
	@$(BIN)/farwatch demo

test: setup
	@$(PYTEST) $(ARGS)

coverage: setup
	@$(PYTEST) --cov --cov-report=term $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python bench/detection.py --pods 1000
	$(BIN)/python bench/detection.py --pods 10000
	$(BIN)/python bench/detection.py --pods 50000 --no-official
	$(BIN)/python bench/agent.py
	$(BIN)/python bench/fleet.py
	$(BIN)/python bench/alerts.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist

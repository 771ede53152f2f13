# make setup   install into .venv          make demo       a hub and three simulated clusters, live
# make test    every test                  make coverage   the same, and the lines that none of them runs
# make lint    style, types, import floors         make ui         build the console (needs Node and npm)
# make screenshots   the pictures of docs/, taken anew (needs the console and Chromium)
# make bench   the numbers in the README   make clean      remove what the others made
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
# Two more than there are cores: what is tested with real processes waits for minutes and works for seconds.
JOBS ?= $(shell expr $$(nproc) + 2)
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

export UV_PROJECT_ENVIRONMENT := $(VENV)

.PHONY: setup demo bytecode test coverage lint bench clean ui console screenshots

setup: $(VENV)/.installed console

# The lock file is the recipe: a changed lock or project file installs anew.
$(VENV)/.installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("farwatch needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --frozen --all-extras --inexact --compile-bytecode
	@touch $@

# The console, where it can be built; the hub works without it, and says so on its page.
DIST := src/farwatch/hub/console/dist
UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -type f -print)
NODE_FAULT := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) console.log("node is " + process.versions.node)' 2>/dev/null || echo node is missing)
NPM_FAULT := $(shell npm --version >/dev/null 2>&1 || echo npm is missing)
UI_FAULT := $(strip $(NODE_FAULT) $(NPM_FAULT))

ifeq ($(UI_FAULT),)
# No way to the packages is no reason to stop; a build that fails is.
console:
	@$(MAKE) --no-print-directory ui/node_modules/.installed || echo "The console's packages cannot be had (npm says why above): it is not built anew, and the hub works without."
	@test ! -f ui/node_modules/.installed || $(MAKE) --no-print-directory $(DIST)/index.html
ui: $(DIST)/index.html
else
console:
	@test -f $(DIST)/index.html || echo "The console is not built: $(UI_FAULT). With Node 20.19 or newer and npm, 'make ui' builds it; the hub works without."
ui:
	@echo "The console cannot be built: $(UI_FAULT). It needs Node 20.19 or newer and npm." && exit 1
endif

ui/node_modules/.installed: ui/package.json ui/package-lock.json ui/.npmrc
	@cd ui && npm ci --silent
	@touch $@

$(DIST)/index.html: ui/node_modules/.installed $(UI_SOURCES)
	@cd ui && npm run --silent build -- --logLevel warn
	@touch $@

demo: setup
	@$(BIN)/farwatch demo

# The tests start hundreds of processes: each would compile what it imports, where Python may not keep what it compiled.
bytecode: setup
	@$(BIN)/python -m compileall -q -j 0 src

test: bytecode
	@$(PYTEST) $(ARGS)

coverage: bytecode
	@$(PYTEST) --cov --cov-report=term $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
ifeq ($(UI_FAULT),)
	@$(MAKE) --no-print-directory ui/node_modules/.installed || echo "The console is not checked: its packages cannot be had (npm says why above)."
	@test ! -f ui/node_modules/.installed || (cd ui && npm run --silent check && npm run --silent generate -- --check)
else
	@echo "The console is not checked: $(UI_FAULT)."
endif

screenshots: setup
	@FARWATCH_PICTURES=1 FARWATCH_SCREENSHOTS=dist/screenshots $(BIN)/python -m pytest -n 0 -p no:randomly tests/e2e/test_pictures.py
	@$(BIN)/python tests/e2e/pictures.py dist/screenshots

bench: setup
	$(BIN)/python bench/detection.py --pods 1000
	$(BIN)/python bench/detection.py --pods 10000
	$(BIN)/python bench/detection.py --pods 50000 --no-official
	$(BIN)/python bench/agent.py
	$(BIN)/python bench/fleet.py
	$(BIN)/python bench/alerts.py

clean:
	rm -rf $(VENV) $(DIST) ui/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist

# Everything a developer does, in one place. Try `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

# One thread per worker: results do not depend on the machine, and workers do not fight over cores.
export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install browser web demo demo-check test sweep check lint types docs format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(STAMP) browser ## make .venv and install the project with all that tests, checks and docs need

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name one with: make install PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; \
	  else \
	    echo "$(PYTHON) cannot make environments; install its venv module (Debian: python3-venv)" >&2; exit 1; \
	  fi; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet -e '.[hf,xarray,bench]' --group test --group check --group docs
	@touch $@

# The browser tests drive Debian's Chromium, or any Chrome that is here already.
browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  if command -v $$name >/dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	else \
	  echo "No Chromium is here, so the browser tests will be skipped. Install chromium with your" >&2; \
	  echo "package manager (on Debian, as root: apt-get install chromium) to run them." >&2; \
	fi

# The front end's tools. Without npm its bundles, which are committed, are used as they are.
web/node_modules/.package-lock.json: web/package-lock.json
	@if command -v npm >/dev/null; then cd web && npm ci --no-audit --no-fund --loglevel=error; else \
	  echo "npm is not here, so the front end is neither checked nor rebuilt." >&2; fi

web: web/node_modules/.package-lock.json ## check and bundle the front end (needs Node)
	cd web && npm run --silent check && npm run --silent build

demo: $(STAMP) ## run the embedded study into out/demo
	$(BIN)/crosslight demo --out out/demo

demo-check: demo browser web/node_modules/.package-lock.json ## click through every view of the demo's report in Chromium
	CROSSLIGHT_DEMO=out/demo $(BIN)/python -m pytest -s -m demo tests/browser/test_demo.py

test: install web/node_modules/.package-lock.json ## run the tests
	$(BIN)/python -m pytest -n $(WORKERS) -m 'not slow'

sweep: install ## check every classifier there is (hours; goes on where it stopped), then run the slow tests
	$(BIN)/python -m sweep --out out/sweep
	$(BIN)/python -m pytest -m 'slow and not demo'

check: lint types docs ## lint, check the types and build the docs

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

docs: install ## build the docs into docs/_build/html, warnings as errors
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

format: install ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## compare with peers and with the limit, in one table
	$(BIN)/python -m benchmarks

clean: ## remove the environment and everything built
	rm -rf $(VENV) web/node_modules build dist docs/_build docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

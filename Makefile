# make demo    everything from set-up to a distilled student, on real digits
# make test    every test: Python, the dashboard's units, a real browser
# make check   format, lint, types, import contracts, generated files
# make bench   the benchmarks, as a table of ratios
# make wheel   the program with its dashboard as one file in dist/
# make up      the whole stack on this machine, until Ctrl-C
#
# Set-up happens on the way, once: .venv, and the dashboard in frontend/dist.

BIN := .venv/bin
PYTHON ?= $(firstword $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$p; done))
DASHBOARD := $(shell find frontend -name node_modules -prune -o -path frontend/dist -prune -o -type f -print 2>/dev/null)
MISSING := { printf 'make: %s\n' "$$1" >&2; exit 1; }

.PHONY: setup demo test check bench wheel up browser
.DELETE_ON_ERROR:

setup: .venv/.ready frontend/dist/.ready

.venv/.ready: pyproject.toml constraints.txt
	@missing() $(MISSING); test -n "$(PYTHON)" || missing "needs Python 3.11 to 3.14 (apt-get install python3 python3-venv)"; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing "needs Python's venv (apt-get install python3-venv)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[server]' --group dev
	@touch $@

frontend/node_modules/.ready: frontend/package.json frontend/package-lock.json
	@missing() $(MISSING); command -v npm >/dev/null || missing "needs Node 20.19 or newer with npm (https://nodejs.org)"; \
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' \
		|| missing "needs Node 20.19+ or 22.12+; this is $$(node --version)"
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/.ready: frontend/node_modules/.ready $(DASHBOARD)
	cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

browser: .venv/.ready
	@missing() $(MISSING); command -v chromium chromium-browser google-chrome >/dev/null \
		|| missing "the browser tests need Chromium (apt-get install chromium)"

demo: setup
	@$(BIN)/python -m cli.demo

test: setup browser
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
	cd frontend && npm test --silent

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m api.openapi | diff -q - frontend/openapi.json >/dev/null \
		|| { echo "frontend/openapi.json is stale: $(BIN)/python -m api.openapi > frontend/openapi.json" >&2; exit 1; }
	cd frontend && npm run --silent check

bench: setup
	$(BIN)/python -m benchmarks

wheel: setup
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

up: setup
	@$(BIN)/distillery up

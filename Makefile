# Each target installs what it needs: `make run` works on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CODE := webapp lambda_templates migrations docs deploy tests
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

# Otherwise each of the many processes that tests start compiles all sources again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-fast test-postgres check lint types contracts licenses sbom map policy bench fuzz lighthouse image-check migrate lock browser nginx wrk npm observatory

run: $(VENV)/.run
	$(BIN)/egret demo

test: $(VENV)/.dev browser nginx
	$(BIN)/pytest

# Those that use a database, on a PostgreSQL server that each worker starts from a wheel; where one
# dashboard fails, another one on the same database goes on.
test-postgres: $(VENV)/.dev browser nginx
	$(BIN)/pytest --database=postgresql

# While working: no browser, no embedded AWS, no PostgreSQL, no process of its own, and none that is
# marked as thorough.
test-fast: $(VENV)/.dev
	$(BIN)/pytest --fast

check: lint types contracts licenses test

# The API's description is checked by two linters from npm, which needs Node.js 18 or newer.
lint: $(VENV)/.dev tests/openapi/node_modules/.package-lock.json
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/oxlint --quiet static
	$(BIN)/python -m tests.openapi

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

# The licence of every package, for running Egret and for working on it; fails for one that is not in docs/licenses.toml.
licenses: $(VENV)/.dev
	$(BIN)/python -m docs.licenses

# What the image and what `make run` consist of: two files of CycloneDX in build/sbom.
sbom: $(VENV)/.dev
	$(BIN)/python -m docs.make_sbom

# What is where: routes, settings and tables, written to docs/map.md.
map: $(VENV)/.dev
	$(BIN)/python -m docs.make_map

# Every permission and its reason, written to docs/policy.md.
policy: $(VENV)/.dev
	$(BIN)/python -m docs.make_policy

# With nginx and wrk; says which goal is missed, and fails. Takes up to ten minutes.
bench: $(VENV)/.dev $(VENV)/bench/.done nginx wrk
	$(BIN)/python -m tests.bench

# The programs that it is compared with have packages of their own.
$(VENV)/bench/.done: tests/bench/peers/requirements.lock | $(BIN)/pip
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# Thousands of requests to the API on a sandbox of its own, for up to ten minutes; one of the tests does a short run.
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.openapi.fuzz

# Needs Node.js 18 or newer with npm.
lighthouse: $(VENV)/.dev browser tests/lighthouse/node_modules/.package-lock.json
	$(BIN)/python -m tests.lighthouse

# MDN's scanner of headers, on pages behind nginx with TLS. Needs Node.js 20 or newer with npm.
observatory: $(VENV)/.dev nginx tests/observatory/node_modules/.package-lock.json
	$(BIN)/python -m tests.observatory

%/node_modules/.package-lock.json: %/package-lock.json | npm
	npm ci --prefix $* --no-audit --no-fund --ignore-scripts
	@touch $@

# Builds what the Dockerfile builds in a temporary folder and tries it, as another user: root only.
image-check: $(VENV)/.dev
	$(BIN)/python -m tests.image

migrate: $(VENV)/.run
	$(BIN)/egret migrate

# Upgrade every dependency, and lock the versions with their hashes: of the image, of `make run`, and for working on it.
LOCK = $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --upgrade pyproject.toml
lock: $(VENV)/.dev
	$(PIP) uv
	$(LOCK) -o requirements-image.lock
	$(LOCK) --extra otel -o requirements-otel.lock
	$(LOCK) --extra sandbox -o requirements.lock
	$(LOCK) --extra sandbox --extra otel --extra dev -o requirements-dev.lock
	$(LOCK:pyproject.toml=tests/bench/peers/requirements.in) -o tests/bench/peers/requirements.lock

# Debian has venv and the browser in separate packages: root installs them, others are told how.
$(BIN)/pip:
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
	  rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else echo "Install python3-venv first: sudo apt-get install python3-venv"; exit 1; fi; \
	  $(PYTHON) -m venv $(VENV); }

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/pip
	$(PIP) --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/pip
	$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	$(PIP) --no-deps -e .
	@touch $@ $(VENV)/.run

npm:
	@command -v npm >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq npm >/dev/null; \
	  else echo "This needs Node.js and npm: sudo apt-get install npm"; exit 1; fi; }

browser:
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium-headless-shell fonts-noto-core fonts-noto-color-emoji >/dev/null; \
	  else echo "The browser tests need a browser: sudo apt-get install chromium-headless-shell"; exit 1; fi; }

# Without it, the tests behind nginx are left out.
nginx:
	@command -v nginx >/dev/null || test -x /usr/sbin/nginx || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq nginx-light >/dev/null; \
	  else echo "The tests behind nginx are skipped without it: sudo apt-get install nginx-light"; fi; }

wrk:
	@command -v wrk >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq wrk >/dev/null; \
	  else echo "The benchmarks need wrk: sudo apt-get install wrk"; exit 1; fi; }

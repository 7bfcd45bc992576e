# Two commands matter: `make run` and `make test`. Both install what is missing first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test suite check install installed bench drill nodes races deaths simulate clean messages fuzz audit

run: install
	@exec setpriv --pdeathsig TERM $(BIN)/gwc run

# What reads the code, which takes one processor, beside what runs it.
test: install
	@$(MAKE) --no-print-directory --jobs=2 check suite

# One more than there are processors: a test that waits for an engine or a browser leaves its own to another.
suite: install
	@$(BIN)/pytest -n $(shell expr $$(nproc) + 1)

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Registers of three sizes, each measured on the running program; results, chart and README's table are its own.
bench: install
	@$(BIN)/python -m bench

# The faults that happen, on real engines with people at work: prints what was lost, fails where anything was.
drill: install
	@$(BIN)/python -m drill

# Two of everything, any of which is taken away with people at work: prints what was lost, fails where anything was.
nodes: install
	@$(BIN)/python -m drill.nodes

# The races of the test suite, for 200 rounds each instead of 2, and a long walk of the order machine.
races: install
	@RACE_ROUNDS=200 MACHINE_EXAMPLES=300 $(BIN)/pytest tests/use_cases/test_order_races.py tests/use_cases/test_order_machine.py

# Each job killed 40 times instead of twice before two processes end its work.
deaths: install
	@JOB_DEATHS=40 $(BIN)/pytest tests/jobs/test_deaths.py

# A year of 100,000 cards, a day at a time.
simulate: install
	@$(BIN)/python -m tests.simulation

# The interface by its document, files, cells and addresses, with so many examples of each instead of a few.
fuzz: install
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-500} $(BIN)/pytest -n $(shell nproc) tests/security

# Known holes in what we build on. Fails as well where an advisory database can't be asked: then nothing is known.
audit: install var/.audit
	@failed=; \
	var/.audit/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes -r requirements-dev.lock \
		|| failed="Python packages"; \
	npm audit || failed="$${failed:+$$failed, }npm packages"; \
	test -z "$$failed" || { echo "audit: not passed for $$failed: a hole is named above, or nobody could be asked." >&2; exit 1; }

# In an environment of its own: what only looks at the others is none of them.
var/.audit: Makefile
	@$(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@touch $@

# One at a time: `make run` and `make test` may be started together in a fresh clone.
install:
	@mkdir -p var
	@flock var/.install.lock $(MAKE) --no-print-directory installed

installed: var/.python var/.node var/.front var/.messages
	@:

var/.python: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

var/.node: package-lock.json package.json
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

var/.front: var/.node $(shell find static/src -type f 2>/dev/null) static/build.mjs
	@npm run --silent build
	@touch $@

var/.messages: $(wildcard marketplace/translations/*/LC_MESSAGES/messages.po) var/.python
	@$(BIN)/pybabel --quiet compile -d marketplace/translations
	@touch $@

messages: var/.python
	@$(BIN)/pybabel --quiet extract -F babel.cfg -k N_ -o var/messages.pot .
	@$(BIN)/pybabel --quiet update -i var/messages.pot -d marketplace/translations -N

clean:
	rm -rf $(VENV) node_modules static/build var

# The one interface: people, pre-commit and CI call the same targets. Needs make and Python 3.11 or newer.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
CHECKED := src tests bench

.DEFAULT_GOAL := help
.PHONY: help demo test mutants zones check fmt sandbox picture bench lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(RUN) ## The whole story on simulated systems, in the folder demo/
	@$(BIN)/ml-connector demo

test: $(DEV) ## Every test
	$(BIN)/pytest -n auto

mutants: $(DEV) ## Plant bugs in a copy of the source and see every one caught
	$(BIN)/python -m tests.mutants

zones: $(DEV) ## What depends on dates, as if this machine stood in four time zones
	$(BIN)/python -m tests.zones

check: $(DEV) ## Style, types and floors, as CI checks them
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(DEV) ## Put the code in shape
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

sandbox: $(RUN) ## Simulated Workday and Plex until Ctrl-C; then: ml-connector init --sandbox ready.json
	@$(BIN)/ml-connector sandbox --ready-file ready.json

picture: $(RUN) ## Draw docs/demo.svg from what the demo really prints
	@COLUMNS=100 $(BIN)/ml-connector demo --picture docs/demo.svg

bench: $(DEV) ## Our speed beside other ways, into docs/benchmarks.md; options: make bench BENCH=--help
	@$(BIN)/python -m bench $(BENCH)

lock: $(DEV) ## Resolve the dependencies anew into the two lock files
	$(BIN)/uv pip compile $(LOCKING) --all-extras --output-file requirements.lock pyproject.toml requirements-build.in
	$(BIN)/uv pip compile $(LOCKING) --all-extras --group dev --output-file requirements-dev.lock \
		pyproject.toml requirements-build.in

clean: ## Remove what these targets made, the virtual environment too
	rm -rf $(VENV) demo ready.json build src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		bench/.venvs bench/.pages

LOCKING := --quiet --universal --python-version 3.11 --generate-hashes --no-header

# A stamp file per lock: a target that needs nothing new starts at once.
$(RUN): requirements.lock pyproject.toml | $(BIN)/python
	@$(INSTALL) -r requirements.lock
	@$(INSTALL_US)
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(BIN)/python
	@$(INSTALL) -r requirements-dev.lock
	@$(INSTALL_US)
	@touch $@ $(RUN)

INSTALL    = echo "Installing the locked dependencies …" && $(BIN)/python -m pip install --quiet --require-hashes --disable-pip-version-check
INSTALL_US = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

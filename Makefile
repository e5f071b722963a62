# Everything from a bare Python 3.11+ and make. The first call sets up; the next ones are quick.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := activities benchmarks domain eventstore integrations readmodels runtime starter tests workflows worker.py server.py

# Else pytest would rewrite the assertions of each test file anew, in each of its processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test check drill bench docs lock clean

help:   ## what there is to make
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(READY): requirements.lock pyproject.toml
	@echo "installing (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## one person's two years on real servers, told and verified
	@$(BIN)/teekond demo

up: $(READY)    ## everything on this machine, until Ctrl-C
	@$(BIN)/teekond up

test: $(READY)  ## all tests but the long ones
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(READY) ## format, lint, types, layers, migrations, catalogues: all that CI checks
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/squawk eventstore/migrations/*.sql
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python -m starter.catalogue --check

drill: $(READY) ## the long ones: kills, crowds, years
	$(BIN)/pytest tests/drills

bench: $(READY) ## measured against a bare baseline in the same run
	$(BIN)/python -m benchmarks

docs: $(READY)  ## the generated catalogues of events and commands
	$(BIN)/python -m starter.catalogue

lock: $(READY)  ## exact versions and hashes of everything
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --all-extras \
		--python-version 3.11 pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--constraint requirements.lock pyproject.toml --output-file requirements.runtime.lock
	sed -n 's/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(BIN)/uv pip compile --quiet --universal --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --constraint requirements.lock - --output-file requirements.build.lock

clean:  ## what make made; not the data of `up`
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Two commands suffice: `make serve` and `make test`. Everything is installed below .venv and .cache.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
COMPILED := $(patsubst %.pxd,%.py,$(wildcard src/subak/*/*/*.pxd))
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help serve test check bench demo-analyze lock format clean docs

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

.venv/run: requirements.lock pyproject.toml hatch_build.py $(COMPILED:.py=.pxd) $(COMPILED)
	$(PYTHON) -c 'import sys; sys.exit("Subak needs Python 3.11 or later") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 0 src .venv/lib || true # a third of a second less at every start
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

serve: .venv/run ## Set everything up and run the gateway on http://127.0.0.1:8765
	@$(BIN)/subak serve

test: .venv/dev clients ## Set everything up, install what the tests need, run all tests
	$(BIN)/pytest -n 2 --dist loadgroup

.PHONY: clients
clients: .venv/dev # the package managers that end-to-end tests run; see tests/clients
	@bash tests/clients/prepare.sh

check: .venv/dev ## Format, lint, types, import contract, generated docs
	$(BIN)/ruff format --check src tests bench tools hatch_build.py
	$(BIN)/ruff check src tests bench tools hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.reference --check
	$(BIN)/python -m tools.queries --check

format: .venv/dev ## Format and sort imports
	$(BIN)/ruff format src tests bench tools
	$(BIN)/ruff check --fix src tests bench tools

docs: .venv/dev ## Write the generated pages of docs/reference and the measures' SQL
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.queries

bench: .venv/dev ## Print the benchmark table: ratios against peers in one run
	$(BIN)/python -m bench

DEMO := .cache/demo
demo-analyze: .venv/run ## Make a registry's log of 2 million lines and the report about it
	@mkdir -p $(DEMO)
	@test -f $(DEMO)/truth/about.json || $(BIN)/python -m tools.traffic --lines 2000000 --out $(DEMO)/access.log --truth $(DEMO)/truth --published $(DEMO)/published.csv
	@$(BIN)/subak analyze $(DEMO)/access.log --ranges $(DEMO)/truth/networks.csv --published $(DEMO)/published.csv --prices example --data $(DEMO)/data --html $(DEMO)/demo.html
	@echo "The page: file://$(CURDIR)/$(DEMO)/demo.html"

lock: .venv/dev ## Resolve the lock files anew; they carry hashes and no addresses
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade pyproject.toml --group pyproject.toml:build -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade -c requirements.lock --group pyproject.toml:dev pyproject.toml -o requirements-dev.lock

clean: ## Remove everything that was installed or built here
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist

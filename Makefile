# The portal's commands. Nothing is needed but Python 3.11+ and make.
.DEFAULT_GOAL := help
.PHONY: help run test walks lint types migrations deploy-check bench screenshots reset lock

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.ready ## Start the portal with worker, database and demo (PORT=8000)
	@PORT=$(PORT) exec $(BIN)/python -m portal.local.run

test: $(VENV)/.ready-dev ## Run the test suite
	@$(BIN)/python -m portal.local.tests $(ARGS)

walks: $(VENV)/.ready-dev ## Run what goes on where the suite has seen one of a kind
	@$(BIN)/python -m portal.local.tests --walks

lint: $(VENV)/.ready-dev ## Lint, floors, types, migrations, deploy checks
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/python -m portal.local.checks

bench: $(VENV)/.ready-dev ## Measure intake, or what ARGS names (ARGS="--list")
	@$(BIN)/python -m bench $(ARGS)

screenshots: $(VENV)/.ready-dev ## Take the pictures of docs/images anew (needs Debian's chromium)
	@PORTAL_RUN_FOLDER="$(CURDIR)/.run/screenshots" $(BIN)/python -m portal.local.screenshots

reset: ## Stop the local database and delete all local data
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m portal.local.reset; else rm -rf .run; fi

lock: $(VENV)/.ready-dev ## Write the hash-locked requirements anew
	@$(BIN)/python -m pip install --quiet uv
	@for name in requirements requirements-dev; do rm -f $$name.txt; done
	@for name in requirements requirements-dev; do $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt; done

$(VENV)/.python:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed, and none was found. Install it, or name it: make run PYTHON=/path/to/python3"; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing. On Debian or Ubuntu: apt install python3-venv; elsewhere install a complete Python 3.11+."; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.ready: requirements.txt | $(VENV)/.python
	@echo "Installing what the portal needs ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt | $(VENV)/.python
	@echo "Installing what the portal and its tests need ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.ready

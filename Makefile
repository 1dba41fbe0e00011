# Everything a fresh machine needs: `make demo` to look around, `make test` for the whole check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported, most never are; each test process would do it again if it could not keep them.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
# uv takes a quarter of pip's time, but knows nothing of pip's settings: where it cannot install, pip does.
UV := $(PIP) uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt
FOLDER ?= demo
OPTIONS ?=
# Installing waits for the network and mypy keeps one core busy: something else is done beside each.
MAKEFLAGS += --jobs=2

.PHONY: demo test lint prepared collected bench screenshot clean

demo: $(VENV)/.installed  ## a made-up organisation, ingested and shown on 127.0.0.1:8501
	$(BIN)/dora demo --folder $(FOLDER) $(OPTIONS)

test: lint collected  ## lint, types, import contract, tests
	DORA_SCHEMAS=$(CURDIR)/.cache/schemas $(BIN)/python -m pytest -rs --numprocesses 3 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

prepared: | $(BIN)/python
	@$(BIN)/python tests/prepare.py

# Compiles what the tests import, once for all test processes; a failure shows again in the tests.
collected: $(VENV)/.installed-dev prepared
	@$(BIN)/python -m pytest --collect-only >/dev/null 2>&1 || true

bench: $(VENV)/.installed-dev  ## every promise about speed, as ratios in one run
	$(BIN)/python benchmarks/run.py $(OPTIONS)

screenshot: $(VENV)/.installed-dev  ## the README's pictures, taken of the demo by the project itself
	$(BIN)/python docs/screenshot.py $(FOLDER)

clean:
	rm -rf $(VENV) .cache demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dora needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing dora into $(VENV)"
	@$(UV) --editable . || $(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing dora and development tools into $(VENV)"
	@$(UV) --editable '.[dev]' || $(PIP) --editable '.[dev]'
	@touch $(VENV)/.installed $@

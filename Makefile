# make search   set up, then search a network for the digits in 3 minutes
# make test     set up, then run the tests
# make check    lint, format, types, and known vulnerabilities of what is installed
# make docs     draw docs/architecture.svg from the imports of the code, and build the pages of docs/ into build/site
# make ui       review the searches in MLflow
PYTHON ?= python3
BIN := .venv/bin
BUDGET ?= 3m
DATA ?= digits
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: search test test-slow check docs ui clean

search: .venv/installed
	$(BIN)/nas search $(DATA) --budget $(BUDGET)

test: .venv/installed-for-tests
	$(BIN)/python -m pytest -m "not slow and not gpu" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-slow: .venv/installed-for-tests
	$(BIN)/python -m pytest -m slow --timeout=3600 $(PYTEST_ARGS)

check: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python .ci/audit.py

docs: .venv/installed-for-tests
	$(BIN)/python docs/architecture.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

ui: .venv/installed
	$(BIN)/nas ui

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing into .venv: PyTorch, Ray, MLflow, Optuna, scikit-learn (about 2 GB, some minutes, once)"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/installed-for-tests: .venv/installed
	@echo "Installing what the tests need"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test,docs,onnx,hub,quantum,trees,metrics,lightning]"
	@touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache

# Everything here works with Python 3.11 or newer and make, and nothing else.
# The private environment is in .venv; it is set up again when pyproject.toml changes.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench clean for-use for-work

VENV := .venv
BIN := $(VENV)/bin

help:
	@echo "make demo    run the main job end to end on emulated platforms, and prove it"
	@echo "make test    set up what the tests need, and run them"
	@echo "make check   lint, format, types, layers, dependencies"
	@echo "make bench   print the measures that the README quotes"
	@echo "make clean   remove the private environment and the caches"

demo: for-use
	@echo "==> Running the demo"
	@$(BIN)/syncd demo

test: for-work
	@echo "==> Running the tests"
	@$(BIN)/python -m pytest -n auto --maxprocesses 4

check: for-work
	@echo "==> Lint (ruff check)"
	@$(BIN)/ruff check .
	@echo "==> Format (ruff format)"
	@$(BIN)/ruff format --check .
	@echo "==> Types (mypy --strict)"
	@$(BIN)/mypy
	@echo "==> Layers (import-linter)"
	@$(BIN)/lint-imports
	@echo "==> Dependencies (deptry)"
	@$(BIN)/deptry syncd

bench: for-work
	@echo "==> Measuring"
	@$(BIN)/python -m bench

for-use:
	@sh scripts/environment $(VENV) use

for-work:
	@sh scripts/environment $(VENV) work

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Everything here works with Python 3.11 or newer and make, and nothing else.
# The private environment is in .venv; it is set up again when pyproject.toml changes.

.DEFAULT_GOAL := help
.PHONY: help demo test histories mutants check bench clean for-use for-work

VENV := .venv
BIN := $(VENV)/bin

help:
	@echo "make demo    run the main job end to end on emulated platforms, and prove it"
	@echo "make test    set up what the tests need, and run them"
	@echo "make histories SEED=1 COUNT=10 [STEPS=22] [KIND=two|three]"
	@echo "             walk random histories with seeds of your own, ten a seed"
	@echo "make mutants SEED=1 COUNT=300 [ONLY=syncd/store]"
	@echo "             make small mistakes in our code, and show those that no test notices"
	@echo "make check   lint, format, types, layers, dependencies"
	@echo "make bench   print the measures that the README quotes"
	@echo "make clean   remove the private environment and the caches"

demo: for-use
	@echo "==> Running the demo"
	@$(BIN)/syncd demo

test: for-work
	@echo "==> Running the tests"
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

ifndef SEED
SEED := $(shell od -An -N3 -tu4 /dev/urandom | tr -d ' ')
endif
COUNT ?= 10
STEPS ?= 22
KIND ?= three

histories: for-work
	@echo "==> Walking $(COUNT) seeds from $(SEED) on, $(KIND) platforms, $(STEPS) steps"
	@$(BIN)/python -m tests.engine.histories --kind $(KIND) --seed $(SEED) --count $(COUNT) --steps $(STEPS)

mutants: COUNT = 300
mutants: for-work
	@echo "==> Making $(COUNT) mistakes with seed $(SEED)"
	@$(BIN)/python -m tests.mutants --seed $(SEED) --count $(COUNT) $(if $(ONLY),--only $(ONLY))

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
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .mutants_cache

# `make help` lists what there is. Every target makes the virtual environment it needs inside this
# folder and leaves the system's Python alone. `make test PYTHON=python3.13` picks an interpreter.
#
# Tests run against the package as users install it: built in isolation, in .venv, not editable.
# The source folder lacks the compiled modules, so it must never be imported in its place:
# PYTHONSAFEPATH keeps the current folder off sys.path, also in the processes that tests start.
# `make dev` is the editable install to work with: it recompiles what changed when imported.

ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := Scripts
else
PYTHON ?= python3
BIN := bin
endif
PYTHON_OLDEST ?= python3.11
# A worker for each core, which takes tests from the others when it has none left.
PYTEST_WORKERS ?= -n auto --dist worksteal
PYTEST_ARGS ?=

export PYTHONSAFEPATH = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1
unexport PYTHONPATH PYTHONHOME

SOURCES := pyproject.toml meson.build README.md LICENSE $(shell find skl_sparse -type f ! -name '*.pyc')

# $(call venv,FOLDER[,INTERPRETER]): an empty virtual environment with a current pip.
define venv
$(or $(2),$(PYTHON)) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "skl_sparse needs Python 3.11 or newer; set PYTHON=")'
$(or $(2),$(PYTHON)) -m venv --clear $(1)
$(1)/$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
endef

.PHONY: help test test-fast test-oldest demo bench-quick bench docs lint format dev dist clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1:/p' $(MAKEFILE_LIST) | awk -F: '{ printf "  make %-12s %s\n", $$1, $$2 }'

test: .venv/installed  ## install into .venv and run the tests, warnings as errors
	.venv/$(BIN)/python -m pytest $(PYTEST_WORKERS) $(PYTEST_ARGS)

test-fast: .venv/installed  ## the same without the tests that are marked slow
	.venv/$(BIN)/python -m pytest $(PYTEST_WORKERS) -m "not slow" $(PYTEST_ARGS)

# The stamp bears the interpreter's name: another PYTHON= makes a new environment.
.venv/made-by-$(notdir $(PYTHON)):
	$(call venv,.venv)
	touch $@

.venv/installed: .venv/made-by-$(notdir $(PYTHON)) $(SOURCES)
	.venv/$(BIN)/python -m pip install --quiet ".[test]"
	touch $@

# Python 3.11 has wheels of the lowest versions that pyproject.toml allows; newer ones may not.
test-oldest: .venv-oldest/installed  ## the same with the oldest dependencies allowed
	.venv-oldest/$(BIN)/python -m pytest $(PYTEST_WORKERS) $(PYTEST_ARGS)

.venv-oldest/installed: tools/oldest.py $(SOURCES)
	$(call venv,.venv-oldest,$(PYTHON_OLDEST))
	.venv-oldest/$(BIN)/python tools/oldest.py > .venv-oldest/constraints.txt
	.venv-oldest/$(BIN)/python -m pip install --quiet --prefer-binary --constraint .venv-oldest/constraints.txt ".[test]"
	touch $@

demo: .venv/installed  ## the main job on real data: a table, and a picture in demo-output/
	SKL_SPARSE_DEMO_OUTPUT=demo-output .venv/$(BIN)/python examples/plot_flights_demo.py

dev: .venv-dev/installed  ## editable install and every tool, in .venv-dev

.venv-dev/installed: pyproject.toml
	$(call venv,.venv-dev)
	.venv-dev/$(BIN)/python -m pip install --quiet --group dev
	PATH="$(CURDIR)/.venv-dev/$(BIN):$$PATH" .venv-dev/$(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[test]"  # meson
	touch $@

lint: .venv-lint/installed  ## ruff, cython-lint, mypy
	.venv-lint/$(BIN)/ruff check --output-format concise .
	.venv-lint/$(BIN)/ruff format --check --output-format concise .
	PATH="$(CURDIR)/.venv-lint/$(BIN):$$PATH" cython-lint skl_sparse  # it calls pycodestyle
	.venv-lint/$(BIN)/mypy
	.venv-lint/$(BIN)/mypy --config-file= --strict --python-version 3.12 --follow-imports=silent tests/typed_user_script.py  # as for a user

format: .venv-lint/installed  ## let ruff lay out the code
	.venv-lint/$(BIN)/ruff check --fix .
	.venv-lint/$(BIN)/ruff format .

.venv-lint/installed: pyproject.toml
	$(call venv,.venv-lint)
	.venv-lint/$(BIN)/python -m pip install --quiet --group lint
	touch $@

# `make bench BENCH_OUTPUT=folder` writes elsewhere.
BENCH_OUTPUT ?= bench-output
BENCH = PYTHONPATH=benchmarks .venv-bench/$(BIN)/python benchmarks

bench-quick: .venv-bench/installed  ## single fits beside those of other libraries, two minutes
	$(BENCH)/solvers.py --quick --markdown $(BENCH_OUTPUT)/quick.md --figure $(BENCH_OUTPUT)/quick.png

# glmnet takes part where Rscript finds it.
bench: .venv-bench/installed .venv-bench-adelie/installed  ## all benchmarks, several hours, tables and figures in bench-output/
	$(BENCH)/solvers.py --python adelie=.venv-bench-adelie/$(BIN)/python --markdown $(BENCH_OUTPUT)/solvers.md --figure $(BENCH_OUTPUT)/solvers.png
	$(BENCH)/growth.py --figure $(BENCH_OUTPUT)/growth.png
	$(BENCH)/growth.py --threads
	$(BENCH)/growth.py --blas
	$(BENCH)/transformers.py --markdown $(BENCH_OUTPUT)/transformers.md
	$(BENCH)/ideas.py --markdown $(BENCH_OUTPUT)/ideas.md
	$(BENCH)/cross_validation.py --python adelie=.venv-bench-adelie/$(BIN)/python --markdown $(BENCH_OUTPUT)/cross_validation.md
	$(BENCH)/accuracy.py --markdown $(BENCH_OUTPUT)/accuracy.md

.venv-bench/installed: $(SOURCES)
	$(call venv,.venv-bench)
	.venv-bench/$(BIN)/python -m pip install --quiet . --group bench
	touch $@

# Its pins clash with those of the others: what it needs and no more.
.venv-bench-adelie/installed: Makefile
	$(call venv,.venv-bench-adelie)
	.venv-bench-adelie/$(BIN)/python -m pip install --quiet "adelie>=1.1.52"
	touch $@

docs: .venv-docs/installed  ## build the pages in docs/_build/html, warnings as errors
	.venv-docs/$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

.venv-docs/installed: $(SOURCES)
	$(call venv,.venv-docs)
	.venv-docs/$(BIN)/python -m pip install --quiet . --group docs
	touch $@

# The wheel must install where there is no compiler, and the sdist must build.
dist: .venv-dist/installed  ## sdist and wheel in dist/, checked
	rm -rf dist
	.venv-dist/$(BIN)/python -m build
	.venv-dist/$(BIN)/python -m twine check --strict dist/*
	$(call venv,.venv-wheel)
	CC=false .venv-wheel/$(BIN)/python -m pip install --quiet --only-binary :all: dist/*.whl
	.venv-wheel/$(BIN)/python -c 'import skl_sparse; print("imported", skl_sparse.__version__, "from the wheel")'

.venv-dist/installed: pyproject.toml
	$(call venv,.venv-dist)
	.venv-dist/$(BIN)/python -m pip install --quiet --group dist
	touch $@

clean:  ## remove what the other targets made
	rm -rf .venv .venv-* build dist demo-output bench-output docs/_build docs/generated docs/gallery docs/sg_execution_times.rst
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find skl_sparse tests -name __pycache__ -type d -exec rm -rf {} +

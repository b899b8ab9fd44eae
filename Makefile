# make run     set up, run the Occupy scenario, say where the results are
# make test    set up, run all tests
# make lint    ruff, ruff format and mypy
# make verify  compare the model with closed formulas and published numbers (minutes)
# make reference  run the shipped scenarios anew into results/reference (minutes)
# make argument  the document "It is not all about the numbers, in numbers" (minutes)
# make bench   measure against other software, and how time and memory grow (an hour)
# make docs    build these pages as a site in build/site; a dead link is an error

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SCENARIO ?= scenarios/occupy.yaml
TESTS ?=
REFERENCE = occupy ceo-and-brand pitch-or-blast cross-posting waking-a-silent-account limited-attention

.PHONY: run test lint verify bench reference argument docs clean

run: $(VENV)/.run
	$(BIN)/propagation run $(SCENARIO)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

verify: $(VENV)/.test
	$(BIN)/python -m verification

reference: $(VENV)/.test
	for name in $(REFERENCE); do \
	  $(BIN)/propagation run scenarios/$$name.yaml --out results/reference/$$name --force --no-report || exit 1; \
	done
	$(BIN)/python -m tests.reference

argument: $(VENV)/.test
	$(BIN)/python -m argument

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.scaling

docs: $(VENV)/.test
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs -d build/doctrees . build/site
	@echo "The pages: build/site/index.html"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,bench,dev,docs,argument]'
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis

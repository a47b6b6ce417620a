# make run    set everything up and serve the page at http://localhost:8080
# make test   set everything up and pass the tests
# make check  formatter, linter, strict types
# make bench  measure what this machine can, into outputs/bench
# make screenshots   pictures of every state of the page, into assets/screenshots
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DELETE_ON_ERROR:
.DEFAULT_GOAL := run
.PHONY: run test check format bench screenshots clean

run: $(VENV)/.run-ready
	$(BIN)/python app.py $(ARGS)

test: $(VENV)/.test-ready
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --include='inpainting/*' --fail-under=95
	$(BIN)/python -m coverage report --include='models/*' --omit='models/loading.py,models/training/*' --fail-under=85

check: $(VENV)/.test-ready
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

format: $(VENV)/.test-ready
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: $(VENV)/.test-ready
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/.test-ready
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python needs its venv module; with Debian: apt install python3-venv"; exit 1; }

$(VENV)/.run-ready: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.test-ready: requirements.txt requirements-test.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-test.txt
	touch $(VENV)/.run-ready $@

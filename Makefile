# Everything happens in .venv; each target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test slow lint bench clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh tools/setup.sh
	@touch $(READY)

demo: setup
	@$(BIN)/python -m tools.demo

test: setup
	$(BIN)/python -m pytest -q -m "not slow"

slow: setup
	$(BIN)/python -m pytest -q -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m bench $(BENCH)

clean:
	rm -rf .venv build dist bench/.cache

# Everything happens in .venv; each target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Processes that make test divides the tests among, a file at a time; 0 runs them in one, in turn.
JOBS ?= 2
TRAINING := .venv/.training
# How long make soak goes on, and how many cases of each kind make fuzz tries (all that make a full run if empty).
HOURS ?= 1
COUNT ?=

# Compiled modules are kept, or each server that a test starts would compile all of them again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo quick test slow lint train eval goldens bench soak fuzz clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh tools/setup.sh
	@touch $(READY)

demo: setup
	@$(BIN)/python -m tools.demo

# The fast loop, under a minute: lint the files changed since the last commit, and run the tests that need no model.
quick: setup
	@files="$$(git diff --name-only --diff-filter=d HEAD -- '*.py'; git ls-files --others --exclude-standard -- '*.py')"; \
	if [ -n "$$files" ]; then $(BIN)/ruff check $$files && $(BIN)/ruff format --check $$files && $(BIN)/mypy $$files; fi
	$(BIN)/python -m pytest -q -n 2 --hypothesis-profile=quick -m "not slow and not model and not thorough"

test: setup
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m "not slow"

slow: setup
	$(BIN)/python -m pytest -q -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Train the model that comes with the package, in about two hours on two cores.
train: $(TRAINING)
	$(BIN)/python -m training all

# Ask the packaged model the questions that are held out of its training.
eval: $(TRAINING)
	$(BIN)/python -m training evaluate --gguf "$$($(BIN)/python -m training packaged)"

$(TRAINING): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[training]'
	@touch $(TRAINING)

# Compare prompts and replies with recordings of Ollama; GOLDENS names their folder.
goldens: setup
	@$(BIN)/python -m tools.goldens $(GOLDENS)

bench: setup
	$(BIN)/python -m bench $(BENCH)

# Mixed load of many clients on five models with two places, and a report.
soak: setup
	$(BIN)/python -m tools.soak --hours $(HOURS)

# Mutated files, templates and formats; FUZZ=archives tries one kind, SEED=1 others than the usual ones.
fuzz: setup
	$(BIN)/python -m tools.fuzz $(FUZZ) $(if $(COUNT),--count $(COUNT)) --seed $(or $(SEED),0)

clean:
	rm -rf .venv build dist bench/.cache

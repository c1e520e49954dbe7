# The one interface. Every goal sets up what it needs: .venv, the pinned packages, the data.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export WANDB_SILENT ?= true

# Processes that tests run in, a file in each at a time.
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

# How many faults are planted, which, and where: every room by default.
N ?= 70
SEED ?= 1
IN ?=

.PHONY: help setup demo check test lint versions packages site mutants faults toolchains reference clean
help:
	@echo "make demo    run three cells in float32 and in int8, in minutes: tables, results/demo/report.html"
	@echo "make check   format, lint, types, import rules and the quick tests: two minutes, for every day"
	@echo "make test    the same with every test"
	@echo "make mutants [N=70] [SEED=1] [IN=bench/report]    plants faults in a copy and counts those that the tests notice"
	@echo "make faults [KILLS=200] [EXECUTOR=local]    kills what runs a grid, and compares with undisturbed runs"
	@echo "make versions    syntax and types for Python 3.12 and 3.13"
	@echo "make packages    whether all packages can be had for them"
	@echo "make site    the documentation as a site that opens from disk: build/site/index.html"
	@echo "make setup   only the virtual environment in $(VENV)"
	@echo "make toolchains    compilers and simulators for exported code (Debian, as root)"
	@echo "make reference GRID=demo    run a grid of configs/ again for results/reference/<grid>; goes on where it was stopped"
	@echo "make clean   remove the virtual environment and results/demo"

setup: $(VENV)/.ready

# torch first and pinned: a later range then takes it as it is, and pulls no other build.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: Python 3.11 or newer is needed; make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

demo: setup
	$(BIN)/rnnbench run configs/demo.yaml

check: lint
	$(PYTEST) -m "not slow and not long"

test: lint
	$(PYTEST)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Newer Pythons than the one here: syntax and types. Nothing is installed or run.
versions: setup
	for version in 3.12 3.13; do \
		$(BIN)/ruff check --quiet --target-version py$$(echo $$version | tr -d .) --ignore UP . \
		&& $(BIN)/mypy --python-version $$version --cache-dir .mypy_cache/$$version || exit 1; \
	done

# Whether the package index has all packages for them: by hand, for it is the index that is asked.
packages: setup
	for version in 3.12 3.13; do \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed \
			--only-binary=:all: --python-version $$version --target build/python$$version -c constraints.txt \
			".[dev,simulators]" || exit 1; \
	done

site: setup
	$(BIN)/python tools/pages.py

mutants: setup
	$(BIN)/python tools/mutants.py --count $(N) --seed $(SEED) $(IN)

# Kills what runs a grid.
KILLS ?= 200
EXECUTOR ?= local
faults: setup
	$(BIN)/python tools/faults.py --kills $(KILLS) --seed $(SEED) --executor $(EXECUTOR) --write build/faults/$(EXECUTOR).md

# What compiles and simulates exported code; without it the models still predict, and the tests that need it skip.
TOOLS := simavr libsimavr-dev libelf-dev gcc-avr avr-libc arduino-core-avr gcc-arm-none-eabi libnewlib-arm-none-eabi \
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-user
toolchains: setup
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends $(TOOLS) >/dev/null
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[simulators]"

# Regenerates results/reference/<grid>, built elsewhere so that the tree it is made from stays clean. Runs that are trained
# together have other last bits. A run that failed is a result, such as training that diverged: `rnnbench run` ends with 1 then, and
# so does a crash, so the report is asked for again. Nothing is replaced while runs are left.
GRID ?= demo
REFERENCE = results/reference/$(notdir $(GRID))
BUILT = build/reference/$(notdir $(GRID))
reference: setup
	$(BIN)/rnnbench run configs/$(GRID).yaml --out $(BUILT) --wandb disabled --pack off \
		|| { test $$? -eq 1 && $(BIN)/rnnbench report $(BUILT); }
	@! $(BIN)/rnnbench plan configs/$(GRID).yaml --out $(BUILT) --json | grep -qE '"status": "(planned|running|interrupted)"' \
		|| { echo "error: runs of $(GRID) are left; the same command goes on with them"; exit 1; }
	rm -rf $(REFERENCE)/runs $(REFERENCE)/tables $(REFERENCE)/figures
	mkdir -p $(REFERENCE)
	cp -r $(BUILT)/grid.yaml $(BUILT)/runs $(BUILT)/tables $(BUILT)/figures $(REFERENCE)
	find $(BUILT) -maxdepth 1 -name '*.json' -exec cp {} $(REFERENCE) ';'  # trials and choices of a search

clean:
	rm -rf $(VENV) results/demo build/reference

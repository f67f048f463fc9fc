# What a contributor types. Every target makes what it needs and does nothing twice.

.DEFAULT_GOAL := help
.PHONY: help venv machine demo test test-zero-loss test-long-requests test-faults test-engines \
  test-swarm test-swarm-faults test-swarm-home test-swarm-more test-e2e test-contract test-docker test-core \
  test-editor test-screen test-fast lint bench docs dist screenshots lock clean

venv := .venv
python := $(venv)/bin/python
installed := $(venv)/.installed
lock := .ci/requirements.lock

# What one process has compiled, the next need not: half of what it takes to start the tests.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough; a name on PATH may be a stub that does not run, so try it.
find_python = for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
    "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
      && { printf '%s' "$$candidate"; exit 0; }; \
  done; \
  echo 'needs Python 3.11 or newer on PATH' >&2; exit 1

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(installed) ## .venv with the locked dependencies and this project, editable

# Debian splits the part of venv that brings pip into a package of its own. `machine` may install
# something at the same time, under that lock.
$(installed): $(lock) pyproject.toml
	@set -eu; \
	if ! $(python) -m pip --version >/dev/null 2>&1; then \
	  base=$$($(find_python)); \
	  "$$base" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo 'venv: installing python3-venv' >&2; \
	    flock /run/compartment-bare-machine.lock sh -c 'apt-get update -qq && \
	      apt-get install -qq -y --no-install-recommends python3-venv'; } || { \
	    echo "venv: $$base cannot make one: install Debian's python3-venv" >&2; exit 1; }; \
	  "$$base" -m venv --clear $(venv); \
	fi
	$(python) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(lock)
	$(python) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

machine: ## a Docker engine and the images the examples use; nothing to do where they are there
	@examples/bare-machine/up

demo: venv machine ## a whole deploy, watched from outside
	@examples/demo

lint: venv ## format, style, types, shape
	@$(venv)/bin/ruff format --check
	@$(venv)/bin/ruff check
	@$(venv)/bin/mypy
	@$(venv)/bin/lint-imports

# Several at once: what needs Docker waits in between, and lint and the other tests fill that time,
# also the minute in which a bare machine gets its engine. The core is nicer to the machine: it alone
# has nobody to wait for, and takes what the other three leave. What has constant traffic comes first,
# because traffic costs as long as it lasts, beside what waits most; those that end soon come last.
# More lanes than these only take the time that deadlines are measured in from each other. The
# environment is made while the engine is.
# (Not by the shell's `&`, which takes Ctrl-C from what it starts.)
test: ## lint and the tests, those on a real engine too, but for test-swarm-more
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target --keep-going \
	  test-zero-loss test-core test-faults test-docker test-swarm test-screen test-e2e \
	  test-swarm-home test-swarm-faults test-contract test-editor test-engines test-long-requests lint

# What keeps requests under way for minutes: the lane that takes longest is the first.
zero_loss := tests/e2e/test_zero_loss.py
long_requests := $(addprefix tests/e2e/test_,long_requests.py replicas.py)
# The other end-to-end tests in lanes that take about as long as each other: where something breaks,
# where there is a second engine or a far one, a Swarm and what breaks there, and the rest.
faults := $(addprefix tests/e2e/test_,domains.py engine_loss.py faults.py)
engines := $(addprefix tests/e2e/test_,far_engine.py image_carriage.py shared_engine.py two_engines.py)
swarm := tests/e2e/test_swarm.py
swarm_faults := tests/e2e/test_swarm_faults.py
swarm_home := tests/e2e/test_swarm_home.py
swarm_images := tests/e2e/test_swarm_images.py
swarms := $(swarm) $(swarm_faults) $(swarm_home) $(swarm_images)
elsewhere := $(zero_loss) $(long_requests) $(faults) $(engines) $(swarms)

test-zero-loss: venv machine
	@$(python) -m pytest $(zero_loss)

test-long-requests: venv machine
	@$(python) -m pytest $(long_requests)

test-faults: venv machine
	@$(python) -m pytest $(faults)

test-engines: venv machine
	@$(python) -m pytest $(engines)

test-swarm: venv machine
	@$(python) -m pytest $(swarm)

test-swarm-faults: venv machine
	@$(python) -m pytest $(swarm_faults)

test-swarm-home: venv machine
	@$(python) -m pytest $(swarm_home)

# Together with the others it would be more than CI has time for: images by way of a registry and
# over ssh, and the promises of the ports.
test-swarm-more: venv machine ## more tests on a Swarm: images and the ports
	@$(python) -m pytest $(swarm_images)
	@$(python) -m pytest -m swarm tests/contract

test-e2e: venv machine
	@$(python) -m pytest -m docker tests/e2e $(elsewhere:%=--ignore=%)

test-contract: venv machine
	@$(python) -m pytest -m 'docker and not swarm' tests/contract

test-docker: venv machine
	@$(python) -m pytest -m docker --ignore=tests/e2e --ignore=tests/contract

test-core: venv
	@nice $(python) -m pytest -m 'not docker $(unless)' --ignore=tests/tui

# The screen in two halves: both wait for most of their time.
editor := tests/tui/test_editor.py tests/tui/test_snapshots.py

test-screen: venv
	@$(python) -m pytest -m 'not docker $(unless)' tests/tui $(editor:%=--ignore=%)

test-editor: venv
	@$(python) -m pytest -m 'not docker $(unless)' $(editor)

test-fast: ## the tests that need no Docker and are not long
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target --keep-going \
	  unless='and not long' test-screen test-editor test-core

bench: venv machine ## figures, measured on this machine
	$(python) -m benchmarks

docs: venv ## docs/reference, written from the program
	$(python) -m tests.reference docs/reference

dist: venv ## the source distribution and the wheel, in dist/
	$(python) -m hatchling build --clean --target sdist --target wheel

screenshots: venv ## pictures of every screen, as SVG and, where rsvg-convert and pngquant are, as PNG
	$(python) -m tests.tui.scenarios screenshots

# Only the index: a wheel that happens to lie on this machine must not get into the lock.
lock: ## choose the newest allowed versions again
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	base=$$($(find_python)); "$$base" -m venv "$$tools"; \
	"$$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	env -u UV_FIND_LINKS -u UV_INDEX -u UV_EXTRA_INDEX_URL "$$tools/bin/uv" pip compile --quiet \
	  --no-config --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command 'make lock' --group dev --output-file $(lock) pyproject.toml

clean: ## remove what these targets made here (not the engine, not the images)
	rm -rf $(venv) dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

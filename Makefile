# What a contributor types. Every target makes what it needs and does nothing twice.

.DEFAULT_GOAL := help
.PHONY: help venv machine demo test test-zero-loss test-e2e test-contract test-docker test-core \
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

# Debian splits the part of venv that brings pip into a package of its own.
$(installed): $(lock) pyproject.toml
	@set -eu; \
	if ! $(python) -m pip --version >/dev/null 2>&1; then \
	  base=$$($(find_python)); \
	  "$$base" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo 'venv: installing python3-venv' >&2; \
	    apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv; } || { \
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

# Several at once: what needs Docker waits in between, and lint and the other tests fill that time.
# The core is nicer to the machine: it alone has nobody to wait for. The two with constant traffic
# come first and have the machine almost to themselves, because traffic costs as long as it lasts;
# those that end soon come last. More lanes than these only take the time that deadlines are measured
# in from each other.
# (Not by the shell's `&`, which takes Ctrl-C from what it starts.)
test: venv machine ## lint and every test, the ones on a real engine too
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target --keep-going \
	  test-zero-loss test-e2e test-core test-screen test-editor test-docker test-contract lint

# What keeps requests under way for minutes.
under_way := tests/e2e/test_zero_loss.py tests/e2e/test_long_requests.py

test-zero-loss:
	@$(python) -m pytest $(under_way)

test-e2e:
	@$(python) -m pytest tests/e2e $(under_way:%=--ignore=%)

test-contract:
	@$(python) -m pytest -m docker tests/contract

test-docker:
	@$(python) -m pytest -m docker --ignore=tests/e2e --ignore=tests/contract

test-core:
	@nice $(python) -m pytest -m 'not docker $(unless)' --ignore=tests/tui

# The screen in two halves: both wait for most of their time.
editor := tests/tui/test_editor.py tests/tui/test_snapshots.py

test-screen:
	@$(python) -m pytest -m 'not docker $(unless)' tests/tui $(editor:%=--ignore=%)

test-editor:
	@$(python) -m pytest -m 'not docker $(unless)' $(editor)

test-fast: venv ## the tests that need no Docker and are not long
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

# A fresh machine needs Python 3.11 or newer with venv, and make. uv is used where it is present.

PYTHON ?= python3
SECONDS ?= 600

# Images of containers set it, and then each process of the tests compiles anew what it imports.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
# One program, whose other names are links to it, and folders that hold Python; mypy refuses one that holds none.
SCRIPTS := $(wildcard broker/scripts/docker-credential-ocibroker)
CODE := $(SCRIPTS) $(foreach folder,broker plugins tests examples benchmarks,$(if $(wildcard $(folder)/*.py $(folder)/*/*.py),$(folder)))

ifneq ($(shell command -v uv 2>/dev/null),)
make_venv := uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
install := uv pip install --quiet --python $(BIN)/python
else
make_venv := $(PYTHON) -m venv $(VENV)
install := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv makes environments without pip, and 25.1 is the first pip that knows dependency groups.
define prepare
$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
$(install) --upgrade 'pip>=25.1'
endef
endif

.PHONY: help demo test check bench soak pictures format clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## set up, then show the way of a request on an embedded registry
	@$(BIN)/python -m examples.demo

test: $(VENV)/.installed-dev  ## set up, then run the tests; COVERAGE=1 has them say what they leave out
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder $(if $(COVERAGE),--cov --cov-report=term:skip-covered)

check: $(VENV)/.installed-dev  ## set up, then lint, check the formatting and the types
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)

bench: $(VENV)/.installed-dev  ## set up, then measure side by side with other tools, into benchmarks/RESULTS.md
	$(prepare)
	$(install) --group bench
	$(BIN)/python -m benchmarks

soak: $(VENV)/.installed-dev  ## set up, then have callers served for SECONDS while all goes wrong, into docs/slo.md
	$(BIN)/python -m tests.soak --keep $(SECONDS)

pictures: $(VENV)/.installed-dev  ## set up, then make the manual's pictures of the status page anew, by Chromium
	OCIBROKER_E2E=required OCIBROKER_PICTURES=1 $(BIN)/python -m pytest tests/status/test_browser.py -k pictures

format: $(VENV)/.installed-dev  ## set up, then format the code and mend what ruff can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

clean:  ## remove what was built and cached; the environment stays
	rm -rf build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# An environment that is already there is used as it is.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("ocibroker needs Python 3.11 or newer: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(make_venv)

$(VENV)/.installed: pyproject.toml $(SCRIPTS) | $(BIN)/python
	$(prepare)
	$(install) --editable '.[all,testing]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(prepare)
	$(install) --group dev
	$(install) --group moto --upgrade --target $(VENV)/moto
	$(install) --group schemathesis --upgrade --target $(VENV)/schemathesis
	@touch $@

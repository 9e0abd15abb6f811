# Everything a person or CI does here. It needs Python 3.11 or newer and make, nothing else: each target sets up .venv
# by itself, and again only when the lock or pyproject.toml has changed. Kept to what GNU make 3.81 (macOS) knows.

PY := .venv/bin/python
PIP := $(PY) -m pip install -qq --no-input --disable-pip-version-check
CODE := bot adapters tests $(wildcard bench)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench lock clean FORCE
.DELETE_ON_ERROR:

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

demo: .venv/.core ## Try hello30 on this machine, in a browser, with invented people (ARGS='--help' says what more it takes)
	@.venv/bin/hello30 demo $(ARGS)

# A part of the tests cannot cover the whole domain, so ARGS switches the coverage off.
test: .venv/.test ## Run all tests and require full branch coverage of bot/domain (ARGS='-k undo' runs some, without coverage)
	@$(PY) -m pytest -n auto --dist worksteal $(if $(ARGS),$(ARGS),--cov --cov-report=term)

check: .venv/.test ## Check format, style, types, the order of imports, the example configuration, catalogues and docs
	$(PY) -m pip check  # fails when pyproject.toml asks for something that the lock does not hold
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy $(CODE)
	$(PY) .venv/bin/lint-imports --no-logo
	$(PY) -m bot check config.example.yaml
	$(PY) -m bot.language.lint --unused
	$(PY) -m bot.docs --check

bench: .venv/.test ## Measure, against plain alternatives in the same run (ARGS='a c' runs some, --write keeps it in the docs)
	@$(PY) -m bench $(ARGS)

# --no-emit-*: where packages come from is each machine's own affair; their hashes say what they must be.
# --universal: one lock for each system and each Python that the project supports.
UV := uv==0.13.9
COMPILE = .venv/lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --group build

lock: $(PY) ## Write deploy/requirements/*.txt anew from pyproject.toml (ARGS=--upgrade takes the newest versions)
	@$(PY) -m venv .venv/lock && .venv/lock/bin/python -m pip install -qq --no-input '$(UV)'
	$(COMPILE) $(ARGS) --output-file deploy/requirements/core.txt
	$(COMPILE) $(ARGS) --extra postgres --constraint deploy/requirements/core.txt --output-file deploy/requirements/postgres.txt
	$(COMPILE) $(ARGS) --extra slack --constraint deploy/requirements/core.txt --output-file deploy/requirements/slack.txt
	$(COMPILE) $(ARGS) --extra teams --constraint deploy/requirements/core.txt --output-file deploy/requirements/teams.txt
	$(COMPILE) $(ARGS) --extra test --extra postgres --extra slack --extra teams --constraint deploy/requirements/core.txt --output-file deploy/requirements/test.txt

clean: ## Remove .venv and what the tools leave behind; databases stay
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find bot adapters tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- .venv -----------------------------------------------------------------------------------------------------------

.venv/.core: deploy/requirements/core.txt pyproject.toml | $(PY)
	@echo "Setting up .venv (only when something changed; a minute at most) ..."
	@$(PIP) --require-hashes -r deploy/requirements/core.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@echo '$(CURDIR)' > $@

.venv/.test: deploy/requirements/test.txt .venv/.core
	@echo "Adding the tools for tests and checks ..."
	@$(PIP) --require-hashes -r deploy/requirements/test.txt
	@touch $@

# A folder that was moved or copied brings a .venv along which still runs the code in the old place: set it up again.
ifneq ($(CURDIR),$(shell cat .venv/.core 2>/dev/null))
.venv/.core: FORCE
endif

# PYTHON=/path/to/python chooses one; else the first that is new enough and can make a venv.
$(PY):
	@found=''; no_venv=''; \
	for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  found="$$found $$python is $$version;"; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { no_venv="$$python"; continue; }; \
	  echo "Making .venv with Python $$version ..."; \
	  exec "$$python" -m venv --clear .venv; \
	done; \
	if [ -n "$$no_venv" ]; then \
	  echo "$$no_venv is new enough but cannot make a .venv. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
	else \
	  echo "hello30 needs Python 3.11 or newer. Here:$${found:- no Python was found.}" >&2; \
	  echo "Install one (python.org, or your system's packages); or, if it has another name: make PYTHON=/path/to/python" >&2; \
	fi; \
	exit 1

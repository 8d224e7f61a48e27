# The only commands anyone types. Everything they start lives under var/, everything they install under .venv/.
PYTHON ?= python3
RUN := .venv/bin/python
EMBEDDED := $(RUN) -m deploy.embedded
CODE := deploy services shared tests
PERSONS ?= 0051
ROLE ?= clinician
N ?= small
SEED ?= 1
SEQUENCES ?= 20000

.DEFAULT_GOAL := help
.PHONY: help demo up down status token figures events test check fault fault-cluster corrections bench docs lock

help: ## print this
	@echo 'Throughcare: make <command>'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed; name it: make PYTHON=python3.11' >&2; exit 1; }
	@echo 'installing into .venv (once)' >&2
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@$(RUN) -m uv --version >/dev/null 2>&1 || $(RUN) -m pip install --quiet --disable-pip-version-check uv >&2
	@$(RUN) -m uv pip install --quiet --python $(RUN) --require-hashes -r requirements.lock >&2
	@touch $@

demo: .venv/installed ## replay the real records, show where the pathway leaks, stay up (ONCE=1 TWICE=1 CHAOS=1 KEEP=1 PERSONS=all)
	@$(EMBEDDED) demo --persons '$(PERSONS)' $(if $(ONCE),--once) $(if $(TWICE),--twice) $(if $(CHAOS),--chaos) $(if $(KEEP),--keep)

up: .venv/installed ## start the empty system and leave it running (KEEP=1: with the last run's data)
	@$(EMBEDDED) up $(if $(KEEP),--keep)

down: .venv/installed ## stop whatever runs
	@$(EMBEDDED) down

status: .venv/installed ## what runs where, and whether it answers
	@$(EMBEDDED) status

token: .venv/installed ## print an access token (ROLE=clinician ORG=... SUB=... REGIONS=UZ-TK,UZ-SA)
	@$(EMBEDDED) token --role '$(ROLE)' --org '$(ORG)' --sub '$(SUB)' --regions '$(REGIONS)' --audience '$(AUDIENCE)'

figures: .venv/installed ## the exact figures, which never leave this machine (JSON=1, or LONG=1: one number a row)
	@$(EMBEDDED) operate monitoring figures $(if $(LONG),--long,$(if $(JSON),--json))

events: .venv/installed ## follow the topics until Ctrl-C (ALL=1: from the beginning)
	@$(EMBEDDED) events $(if $(ALL),--all)

test: .venv/installed ## every test but the faults below, on a stack of its own
	@$(RUN) -m pytest tests --ignore=tests/fault/rows --ignore=tests/fault/cluster --ignore=tests/bench

check: .venv/installed ## format, lint, types, import contracts, unit and contract tests: before every commit
	@$(RUN) -m ruff format --quiet --check $(CODE)
	@$(RUN) -m ruff check --quiet $(CODE)
	@$(RUN) -m mypy $(CODE)
	@PYTHONPATH=. .venv/bin/lint-imports
	@$(RUN) -m pytest tests/unit tests/contract

fault: .venv/installed ## break the running system in every way we know, then count what was lost (N=small|medium|large SEED=1 ROW=kafka)
	@N='$(N)' SEED='$(SEED)' $(RUN) -m pytest tests/fault/rows $(if $(ROW),-k '$(ROW)')

fault-cluster: .venv/installed ## three brokers, the leader killed again and again
	@$(RUN) -m pytest tests/fault/cluster

corrections: .venv/installed ## many sequences with a mistake that is corrected, through the running system, beside the same without it (SEQUENCES=20000)
	@SEQUENCES='$(SEQUENCES)' $(RUN) -m pytest tests/e2e/test_corrections.py

bench: .venv/installed ## ours beside the usual stack and the limit; writes docs/performance.md (ONLY='relay rebuild'; AGAINST=<commit>: what a command or event costs now and then, ROUNDS=5 LIMIT=1.10)
ifdef AGAINST
	@$(RUN) -m tests.bench.against '$(AGAINST)' $(ONLY) $(if $(ROUNDS),--rounds '$(ROUNDS)') $(if $(LIMIT),--limit '$(LIMIT)')
else
	@$(RUN) -m tests.bench $(ONLY) $(if $(ONLY),,--write)
endif

docs: .venv/installed ## write docs/ again from events and routes
	@$(RUN) -m deploy.docs

lock: .venv/installed ## resolve the dependencies again and write requirements.lock (names, versions, hashes; no addresses)
	@$(RUN) -m uv lock --quiet
	@$(RUN) -m uv export --quiet --format requirements-txt --no-emit-project --all-groups --no-header \
		| grep -v -e '^--' > requirements.lock.new
	@mv requirements.lock.new requirements.lock

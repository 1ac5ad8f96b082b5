# What a person types. The work is in tools/, which a person can read.
.PHONY: help run demo test torture check bench docs lock clean

PY := .venv/bin/python

help:
	@echo "make run      set up and start the whole system: proxy on 8080, API and console on 8000"
	@echo "make demo     the same with an example school, to look around in; its passwords are public"
	@echo "make test     set up and run all tests; ARGS='-k unblock' goes to pytest"
	@echo "make torture  200 rounds of kill -9 under load, outages, full disks: an hour or two (docs/reliability.md)"
	@echo "make check    format, lint, types, import contracts, tests"
	@echo "make bench    measure; the last table is kept in docs/performance.md"
	@echo "make docs     check that the documents name only what exists"
	@echo "make lock     renew both lock files from pyproject.toml (needs uv)"
	@echo "make clean    take away .venv and caches; var/, the school's data, stays"

run:
	@tools/venv requirements.lock
	@exec .venv/bin/schoolgate run $(ARGS)

demo:
	@tools/venv requirements.lock
	@exec .venv/bin/schoolgate demo $(ARGS)

test:
	@tools/test $(ARGS)

torture:
	@SCHOOLGATE_TORTURE_ROUNDS=$${SCHOOLGATE_TORTURE_ROUNDS:-200} tools/test -m torture --timeout 7200 $(ARGS)

check:
	@tools/venv requirements-dev.lock
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	$(PY) -m pytest $(ARGS)

bench:
	@tools/venv requirements-dev.lock
	@$(PY) -m bench $(ARGS)

docs:
	@tools/test tests/test_docs.py $(ARGS)

lock:
	uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
		pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
		--group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# The README's two commands are `make demo` and `make test`; each does its own set-up.
GUANKOU = .venv/bin/guankou
DEMO ?= build/demo
PYTEST = .venv/bin/python -m pytest

.PHONY: demo test lint bench accuracy explain faults clean

demo: ; @deploy/setup.sh demo && DEMO="$(DEMO)" CAPTURE="$(CAPTURE)" INTERFACE="$(INTERFACE)" LINES="$(LINES)" deploy/demo/run.sh

test: ; @deploy/setup.sh test && .venv/bin/python tests/run.py

lint: ; @deploy/setup.sh test && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports

accuracy: ; @deploy/setup.sh test && .venv/bin/python -m tests.accuracy $(if $(CORPORA),--corpora "$(CORPORA)")

explain: ; @deploy/setup.sh explain && .venv/bin/python -m tests.accuracy explain $(if $(CORPORA),--corpora "$(CORPORA)") $(PART)

bench: ; @deploy/setup.sh bench && .venv/bin/python -m tests.bench $(if $(CAPTURE),--capture "$(CAPTURE)")

faults: ; @deploy/setup.sh test && .venv/bin/python -m tests.faults --rounds $(or $(ROUNDS),200) --seed $(or $(SEED),1) --brokers $(or $(BROKERS),1) --shards $(or $(SHARDS),1)

clean: ; rm -rf build .venv

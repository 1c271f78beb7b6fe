# Two commands: `make repro` builds the corpus, `make test` proves it. Both set themselves up when they must.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1

# DVC ends every run with the advice to push, whether there is a remote or not.
REPRO := PYTHONUNBUFFERED=1 dvc repro | awk '!/dvc push/ { print; fflush() }'

.PHONY: repro students test base teacher student docs lint types clean

repro: .venv/ready
	$(REPRO)
	@thoughtmill summary
	@echo 'next: `make students` trains a student for every role and lets them answer (15 minutes on two cores)'

# PROFILE=smol puts params/smol.yaml into params.yaml first; `git restore params.yaml` goes back.
# On one GPU all roles learn in the same passes, and DVC takes their adapters as they are.
students: .venv/ready
	if [ -n "$(PROFILE)" ]; then thoughtmill profile "$(PROFILE)"; fi
	if python -c 'import sys, torch; sys.exit(torch.cuda.device_count() != 1)'; then \
		python -m thoughtmill.train.finetune all && (cd train && dvc commit -q -f finetune); fi
	cd train && $(REPRO)
	@echo 'the answers of the students: data/students/index.html'

test: .venv/ready lint types
	pytest -n auto --dist loadfile --no-loadscope-reorder

base: .venv/ready
	python -m thoughtmill.train.smol

# A small real model on loopback, which params/local.yaml asks.
teacher: .venv/teacher
	python -m thoughtmill.train.local_teacher

student: .venv/ready
	python -m thoughtmill.train.embedded.student

# The site of the documentation, in site/html; a warning is an error.
docs: .venv/docs
	python docs/build.py

lint: .venv/ready
	ruff check .
	ruff format --check .

types: .venv/ready
	mypy

clean:
	rm -rf .venv

# torch comes first and alone: what is asked for next then finds it there and pulls no second build.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Thoughtmill needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[pipeline,train,dev]'
	touch $@

.venv/teacher: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[teacher]'
	touch $@

.venv/docs: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $@

# Ragged Edges. Two commands on a fresh machine: `make book` and `make test`.
unexport PYTHONDONTWRITEBYTECODE  # where it is set, every process compiles TensorFlow's sources
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
MINUTES ?= 10
BIN := .venv/bin
COLAB := .venv-colab/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate
PYTEST := -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder
ANY_LANE := backends-jax colab-backends-jax backends-torch colab-backends-torch

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 14

env:             # .venv: our pinned versions
	@$(PYTHON) tools/setup_env.py main

env-colab:       # .venv-colab: the versions that Colab ships
	@$(PYTHON) tools/setup_env.py colab

book: env        ## build the site into _build/html
	@$(BIN)/jupyter-book build . -n -W --keep-going --quiet
	@echo "The book stands. Open $(CURDIR)/_build/html/index.html or run: make serve"

pdf: book        ## make a PDF and an EPUB of the book, and link them from its title page
	@$(BIN)/python tools/browser.py
	@$(BIN)/python tools/make_epub.py
	@$(BIN)/python tools/make_pdf.py

serve: book      ## show the built site on localhost
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

labs: env        ## open the labs in JupyterLab
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/labs

test: book       ## run the tests on our versions, the site and the notebooks too
	@$(BIN)/python tools/browser.py
	$(BIN)/python $(PYTEST) --nbval -m "not wide"

wide: env        ## run what `make test` leaves out: the rest of long tables, long trainings
	$(BIN)/python $(PYTEST) -m wide

quick: env       ## run the tests that train nothing, without notebooks and the site
	$(BIN)/python $(PYTEST) -m "not slow and not site"

fuzz: env        ## look for examples that break a property, for MINUTES=10
	$(BIN)/python tools/fuzz.py --minutes $(MINUTES)

mutants: env     ## break helpers in 200 places, one at a time: do the mirrored tests notice?
	$(BIN)/python tools/mutants.py --out _build/mutants-$(shell git rev-parse --short HEAD).json

audit-mutants: env  ## break the mended programs of the audit's zoo: how many does it find?
	$(BIN)/python -m pytest -s tests/helpers/auditing/mutants_of_programs.py

test-colab: env-colab  ## run every test but the site's on the versions that Colab ships
	$(COLAB)/python $(PYTEST) --nbval -m "not site"

coverage: env-colab  ## the same without what is wide, and hold how much of helpers is run
	COVERAGE_CORE=sysmon $(COLAB)/python $(PYTEST) --nbval -m "not site and not wide" --cov=helpers --cov-report=term

test-backends:   ## run the tests marked any_backend on JAX and PyTorch, with both versions of Keras
	@for lane in backends colab-backends; do $(PYTHON) tools/setup_env.py $$lane || exit 1; done
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target $(ANY_LANE)

$(ANY_LANE): export JAX_DISABLE_MOST_OPTIMIZATIONS=1
$(ANY_LANE): export XLA_FLAGS=--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1
$(ANY_LANE): export OMP_NUM_THREADS=1
$(ANY_LANE):     # e.g. colab-backends-jax: two at a time, since JAX compiles on one core
	KERAS_BACKEND=$(lastword $(subst -, ,$@)) $(patsubst %-jax,.venv-%,$(patsubst %-torch,.venv-%,$@))/bin/python -m pytest -m "any_backend$(if $(findstring jax,$@$(WIDE)), and not wide)"

lanes: test wide coverage test-backends  ## run every test on every version and backend

notebooks: env   ## generate the labs, execute every notebook, normalise
	$(BIN)/python tools/run_notebooks.py

bench: env       ## measure what the helpers cost beside what others use
	$(BIN)/python -m benchmarks

gpu:             ## run the GPU cells here and record them
	$(PYTHON) -m helpers.devices --record helpers/gpu/runs.json --command "make gpu"

format: env      ## lint and format
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: env        ## resolve the locks again, and note the hashes of what they name
	@for f in requirements requirements-colab requirements-backends requirements-colab-backends; do \
	limits=$$(ls $$f.constraints 2>/dev/null | sed 's/^/--constraint /'); \
	grep -v '^-' $$f.txt | $(COMPILE) $$limits - -o $$f.lock && cp $$f.lock $$f.hashes && \
	grep -v -e '^-' -e '^torch==' $$f.txt | $(COMPILE) $$limits --generate-hashes - -o $$f.hashes || exit 1; done
	@grep '^uv==' requirements.txt | $(COMPILE) --generate-hashes - -o requirements-uv.hashes

clean:           ## remove what was built, the environments too
	rm -rf _build .venv .venv-* .pytest_cache .hypothesis .coverage* .mypy_cache .ruff_cache */.ruff_cache

.PHONY: help env env-colab book pdf serve labs test wide quick fuzz mutants audit-mutants test-colab coverage test-backends lanes notebooks bench gpu format lock clean $(ANY_LANE)

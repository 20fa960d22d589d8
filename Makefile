SHELL := bash
PYTHON ?= python3
RUN := .venv/bin
READY := .venv/ready

# torch is pinned, but which build of it (CPU or CUDA) is your pip configuration's choice, or this:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH := torch==2.13.0
TORCH_INDEX ?=

export OMP_WAIT_POLICY := PASSIVE

.PHONY: demo test check fast setup models bench bench-tau2 bench-peers bench-nlu lock clean help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup models ## set up, then answer a recorded call: out/demo.wav, out/demo.json
	@$(RUN)/offhook replay tests/clips/order_status.wav --sound out/demo.wav --record out/demo.json
	@echo
	@echo "The call is in out/demo.wav (caller left, assistant right) and out/demo.json. Try next:"
	@echo "  $(RUN)/offhook replay tests/clips/returns_and_hours.wav   another caller"
	@echo "  $(RUN)/offhook mic                                        talk with it yourself"
	@echo "  $(RUN)/offhook chat -v                                    or by text"
	@echo "  $(RUN)/offhook say 'Hello, how can I help?' -o out/hello.wav"
	@echo "  $(RUN)/offhook --help"

test: setup ## set up, then lint, types, import contract and all tests
	@$(RUN)/offhook models pull --all
	@$(MAKE) --no-print-directory check

check:
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/pytest

fast: setup ## the tests that need no model: seconds
	$(RUN)/pytest -m "not slow"

bench: setup ## measure speech, latency, understanding; make the README's tables of it
	@$(RUN)/offhook models pull --all
	$(RUN)/python -m tests.bench.latency --realtime --out docs/bench/latency.json
	for question in vad turns endpoint speech tts values verification barista phone echo start knowledge replies recommend guard; do \
		$(RUN)/python -m tests.bench.$$question --out docs/bench/$$question.json || exit 1; \
	done
	$(RUN)/python -m tests.bench.nlu retail --out docs/bench/nlu
	$(RUN)/python -m tests.bench.tables

bench-tau2: setup ## make an assistant of tau2's retail shop, train it, call it: from shared data
	$(RUN)/python -m tests.bench.tau2 --convert
	$(RUN)/offhook train nlu out/tau2/assistant
	$(RUN)/python -m tests.bench.tau2 --out docs/bench/tau2.json
	$(RUN)/python -m tests.bench.tables

bench-peers: setup ## run other assistants beside Offhook, each in a venv of its own: half an hour on a quiet machine
	@$(RUN)/offhook models pull --all
	$(RUN)/python -m tests.bench.peers
	$(RUN)/python -m tests.bench.tables

bench-nlu: setup ## train and measure the public understanding sets, from shared data: hours on two cores
	$(RUN)/python -m tests.bench.nlu snips atis clinc150 banking77 nlupp mixsnips mixatis dstc11 crosswoz \
		--out docs/bench/nlu --run out/bench/runs
	$(RUN)/python -m tests.bench.tables

models: setup ## fetch and verify the models of the shipped assistant
	@$(RUN)/offhook models pull

setup: $(READY) ## make .venv with the pinned dependencies

# Everything but torch is locked by hash, torch's own needs included; so torch, which comes last,
# brings at most the CUDA libraries that its metadata pins.
$(READY): requirements.lock pyproject.toml
	@sh tools/preflight.sh $(PYTHON)
	@echo "Setting up .venv: about a gigabyte to download, some minutes."
	$(PYTHON) -m venv .venv
	$(RUN)/pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(RUN)/pip install --disable-pip-version-check $(TORCH) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(RUN)/pip install --disable-pip-version-check --no-deps --no-build-isolation -q -e .
	@touch $@

# torch's build and what only that build needs stay out of the lock.
UNLOCKED := torch torchaudio triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas \
	nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft \
	nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 \
	nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-package opencv-python \
		--no-header --no-annotate -q $(UNLOCKED:%=--no-emit-package %) -o requirements.lock

clean: ## remove what was built; models stay in their cache
	rm -rf .venv out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

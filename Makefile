# The few commands of this repository. Each says what it does; none needs another to be run first.

SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help build ui desktop deb screens demo test check bench bench-ui gpu-check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ui ## build the coracle command with its pages, optimised
	tests/env/setup --build
	cargo build --release --locked -p coracle

ui: ## build the pages, which the command's build takes in
	tests/env/pages

desktop: ui ## build the workbench in a window of its own, optimised
	tests/env/setup --build
	tests/env/desktop --build
	cargo build --release --locked -p coracle-desktop

deb: build desktop ## pack the command and the desktop into a Debian package
	src-tauri/package/deb "$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release"

screens: build ## draw every page with real content into target/screens
	cd ui && CORACLE_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/coracle" npm run --silent screens

demo: ## install what is missing, build, and run examples/digits
	tests/env/setup --demo
	cargo build --release --locked -p coracle
	examples/digits/run

test: ## install what the tests need and run all of them, real Docker included
	tests/run

check: ## what must hold for every commit and needs no engine: format, lints, unit tests, licences
	tests/run pages fmt clippy unit deny

bench: ## measure what the README promises; takes ratios within one run
	tests/env/setup
	cargo build --release --locked -p coracle
	tests/bench/run

bench-ui: build ## measure the pages in a browser: size, time, frames, memory; each beside its bound
	cd ui && CORACLE_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/coracle" npm run --silent bench

gpu-check: ## build the one binary that checks a machine's GPUs, and run it
	tests/env/setup --build
	tests/gpu/check

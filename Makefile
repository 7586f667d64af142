# Everything there is to run, one or two lines each. Longer steps stand in scripts/.

FUZZTIME ?= 10s
SOAK     ?= 10m
BENCH    ?= .

.DEFAULT_GOAL := help
.PHONY: help build generate run demo test fuzz soak bench lint format web conformance conformance-gateways verify

help: ## list what there is to run
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

build: ## build ./roster
	CGO_ENABLED=0 go build -trimpath -o roster .

generate: ## write again what is generated from the schema and the settings
	go generate ./...

run: ## serve the systems named in roster.yaml
	go run . serve

demo: ## serve an invented company: no settings, no credentials
	go run . demo

test: ## run all tests with the race detector; installs Chromium, Redis and a C compiler where it can (root on Debian)
	scripts/test-needs
	go test -race $$(go list ./... | grep -v /internal/e2e)
	go test -race -count=1 ./internal/e2e/... # they build the program, of whose changes Go's cache of results does not know

fuzz: ## run every fuzzer for FUZZTIME (10s)
	scripts/fuzz $(FUZZTIME)

soak: ## send good and hostile traffic to the program for SOAK (10m); from 10m on, p99 of the answers must stay below 1 s
	SOAK=$(SOAK) go test -count=1 -v -run TestSoak -timeout 0 ./internal/e2e/attack

bench: ## run the benchmarks that match BENCH (all)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

lint: ## run the linters, import walls included
	go tool -modfile=.ci/lint/go.mod golangci-lint run

format: ## format the Go code
	go tool -modfile=.ci/lint/go.mod golangci-lint fmt

web: ## build the playground's assets into web/dist (needs Node)
	npm --prefix web ci
	npm --prefix web run build

conformance: ## hold the schema to Apollo's composition, and the server to public audits and clients (needs Node)
	npm --prefix conformance ci
	npm --prefix conformance test

conformance-gateways: ## run Roster as a subgraph behind the gateways that npm has, and hold docs/federation.md to it (needs Node)
	npm --prefix conformance/gateways ci
	npm --prefix conformance/gateways test

verify: ## everything that must hold before a change is merged
	.ci/run

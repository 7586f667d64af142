# All commands of the project, one or two lines each. Longer steps are in scripts/.

FUZZTIME ?= 10s
SOAK     ?= 10m
PROXY_TIME ?= 30s
BENCH    ?= .
RANDOM_DOCUMENTS ?= 100000

.DEFAULT_GOAL := help
.PHONY: help build generate run demo test test-plans test-cache test-scopes fuzz soak proxies bench bench-allocs bench-http bench-changes pgo release release-check compose lint format web conformance conformance-gateways verify

help: ## list all targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 30

build: ## build ./roster
	CGO_ENABLED=0 go build -trimpath -o roster .

generate: ## generate the code from the schema, and the table of settings
	go generate ./...

run: ## serve the sources in roster.yaml
	go run . serve

demo: ## serve an invented company, without configuration and credentials
	go run . demo

test: ## run all tests with the race detector; as root on Debian, install what they need first
	scripts/test-needs
	go test -race $$(go list ./... | grep -vE '/internal/e2e(/attack)?$$')
	go test -race -count=1 -p 1 -timeout 20m ./internal/e2e ./internal/e2e/attack # one after the other, since the attacks take the whole machine; they build the program, and Go's test cache does not see its changes

test-plans: ## compare the answers of plans with gqlgen's for RANDOM_DOCUMENTS (100000); RANDOM_SEED is the first directory
	RANDOM_DOCUMENTS=$(RANDOM_DOCUMENTS) go test -count=1 -v -run TestPlansAgreeWithGqlgen -timeout 0 ./resolvers

test-cache: ## have 64 clients ask 1,000 documents for a minute, in which people change every second, with the race detector
	CACHE_GENERATIONS=60 go test -race -count=1 -v -run TestCachedAnswersAreOfOneGeneration -timeout 0 ./resolvers

test-scopes: ## ask for each field with each set of scopes by each route over each transport; make test has two of the combinations for each set, and all of them for sets that lack one scope
	SCOPES=all go test -count=1 -v -run 'TestScopes$$' -timeout 0 ./resolvers

fuzz: ## run each fuzz target for FUZZTIME (10s)
	scripts/fuzz $(FUZZTIME)

soak: ## run ordinary clients and attacks against the program for SOAK (10m); from 10m on, p99 must stay below 1 s
	SOAK=$(SOAK) go test -count=1 -v -run TestSoak -timeout 0 ./internal/e2e/attack

proxies: ## have 300 and 1,000 clients ask through nginx, Caddy and HAProxy for PROXY_TIME (30s); as root on Debian, install these first
	scripts/test-needs
	PROXY_CLIENTS=300,1000 PROXY_TIME=$(PROXY_TIME) go test -count=1 -v -run 'Prox' -timeout 20m ./internal/e2e

bench: ## run the benchmarks that match BENCH (all)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-allocs: ## compare the allocations of benchmarks with bench/allocs.txt; ALLOCS_FLAGS=-update records them
	go run ./bench/allocs $(ALLOCS_FLAGS)

bench-http: ## measure processor time of requests against plain net/http, in rounds of BENCH_SECONDS (1); BENCH_FLAGS=-h lists more (Linux)
	go run ./bench/httpbench -out bench/http.txt $(BENCH_FLAGS)

bench-changes: ## have 1,000 subscribers get the changes of 10,000 people, and measure delay, bytes and memory; BENCH_FLAGS=-h lists more (Linux)
	go run ./bench/changesbench -out bench/changes.txt $(BENCH_FLAGS)

pgo: ## record default.pgo, a profile by which go build optimises the program (Linux); see bench/README.md
	scripts/pgo

release: ## build the archives of the checked-out commit in dist, for TARGETS (all)
	scripts/release

release-check: ## build one archive in two folders, and compare them byte by byte
	scripts/release-check

compose: ## check deploy/compose.yaml with a parser of the Compose specification
	go tool -modfile=.ci/release/go.mod github.com/compose-spec/compose-go/v2/cmd -no-interpolation deploy/compose.yaml >/dev/null

lint: ## run the linters, including the import rules
	go tool -modfile=.ci/lint/go.mod golangci-lint run

format: ## format the Go code
	go tool -modfile=.ci/lint/go.mod golangci-lint fmt

web: ## build the assets of the playground and the dashboard into their dist folders (needs Node)
	npm --prefix web ci
	npm --prefix web run build
	npm --prefix web/dashboard ci
	npm --prefix web/dashboard run build

conformance: ## check the schema with Apollo's composition, and the server with public audits and clients (needs Node, and Chromium)
	npm --prefix conformance ci
	npm --prefix examples/clients ci
	npm --prefix conformance test

conformance-gateways: ## run Roster behind the gateways that npm has, and check the table in docs/federation.md (needs Node)
	npm --prefix conformance/gateways ci
	npm --prefix conformance/gateways test

verify: ## run all checks that must pass before a change is merged
	.ci/run

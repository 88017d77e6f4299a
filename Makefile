# Camera an ninh Xứ Lạng. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .build/bin
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)
GO_FILES := $(shell find . -name '*.go' -not -path './.build/*' -not -path './web/node_modules/*' -not -path './var/*')
WEB_FILES := $(shell find web/src web/home web/public -type f 2>/dev/null) web/index.html web/package.json web/package-lock.json web/vite.config.ts web/vite.home.config.ts

.PHONY: help demo run build web test test-go test-web lint bench bench-ingest bench-activity bench-index bench-trace tune-trace dist generate check-generated fuzz screenshots clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## build everything and run the village: hub, object store, 18 homes
	@scripts/box village

run: build ## the same without the village: an empty hub and a one-time setup link
	@scripts/box hub

build: ## build the two webs, the programs and the object store
	@scripts/need gcc
	@$(MAKE) -s --no-print-directory -j2 minio $(BIN)/xulang-hub $(BIN)/xulang-agent $(BIN)/xulang-village

.PHONY: minio
minio:
	@scripts/minio build

.PHONY: versitygw
versitygw: # the second object store of hub/store's suite; only tests need it
	@scripts/versitygw build

$(BIN)/xulang-hub: $(GO_FILES) go.mod go.sum web/dist/index.html
	@echo "building xulang-hub (the first time compiles SQLite: about a minute)"
	@go build -o $@ ./cmd/xulang-hub

$(BIN)/xulang-agent: $(GO_FILES) go.mod go.sum web/dist/index.html
	@echo "building xulang-agent"
	@CGO_ENABLED=0 go build -o $@ ./cmd/xulang-agent

$(BIN)/xulang-village: $(GO_FILES) go.mod go.sum web/dist/index.html
	@echo "building xulang-village"
	@go build -o $@ ./cmd/xulang-village

web: web/dist/index.html ## build the web

web/node_modules/.stamp: web/package.json web/package-lock.json
	@echo "installing the web's packages"
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.stamp $(WEB_FILES)
	@echo "building the web"
	@cd web && npm run --silent build

test: ## install what is needed, then run all tests
	@scripts/need gcc chromium ffmpeg gst-rtsp-server opencv-doc pdftotext postgres
	@$(MAKE) --no-print-directory build check-generated test-web test-go
	@echo "all tests passed"

test-web: web/node_modules/.stamp
	@echo "== web: types, words, unit tests, pages in Chromium"
	@cd web && npm run --silent check && npm test --silent && npm run --silent test:pages

test-go: build versitygw
	@echo "== go: all packages with the race detector; cmd/xulang-village is the end-to-end test with a browser"
	@go vet ./...
	@go test -race -count=1 -timeout 15m ./...
	@echo "== go: 10,000 histories of the index, without the race detector"
	@go test -count=1 -run AnswersNeverLie ./hub/index

lint: ## static checks (the first time builds the linter)
	@scripts/lint

bench: ## benchmarks; they print ratios against a peer or a floor in the same run
	@go test -run '^$$' -bench . -benchtime 1s ./...

bench-ingest: build ## what recording costs: agent, ffmpeg and a floor, for 1, 8 and 32 cameras (about 25 minutes)
	@scripts/need ffmpeg
	@scripts/bench-ingest

bench-activity: ## how well activity tells what moved, on real footage at many settings
	@scripts/need ffmpeg opencv-doc
	@scripts/bench-activity

bench-index: ## what the index costs and how fast it answers, beside rows, on SQLite and PostgreSQL (ARGS="-segments 50000000" for the year's end)
	@scripts/need gcc postgres
	@scripts/bench-index $(ARGS)

bench-trace: ## what the tracing engine costs in footage, beside its peers (SCENARIOS="DIR DIR…", ARGS="-tasks 20" for a try)
	@ARGS="$(ARGS)" scripts/bench-trace $(SCENARIOS)

tune-trace: ## look for better parameters of the tracing engine (SCENARIOS="DIR DIR…"; hours)
	@ARGS="$(ARGS)" scripts/tune-trace $(SCENARIOS)

fuzz: ## every fuzz target for ten seconds
	@scripts/fuzz

dist: build ## programs for other machines, with checksums, in ./dist
	@scripts/dist

generate: web/node_modules/.stamp ## generate Go and TypeScript of the two APIs from their openapi.yaml
	@scripts/generate

check-generated: web/node_modules/.stamp
	@scripts/generate --check

screenshots: build ## take the README's pictures from a running village
	@scripts/screenshots

clean: ## remove what was built (not ./var)
	@rm -rf .build dist web/dist/assets web/dist/index.html web/dist-home/assets web/dist-home/index.html

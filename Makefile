# Developer entry points; `make help` lists them. Only Go is needed (make test also a C compiler, for -race, and Chromium or npm).
export GOTOOLCHAIN ?= local

BIN       := bin
GENERATED := api/v1alpha1
EXAMPLE   := examples/docker-desktop
FUZZTIME  ?= 30s
ROOT      := $(CURDIR)

# Every module of the repository, found, not listed; the build-only ones hold pinned tools and servers, no tests.
BUILD_ONLY := ./tools ./e2e/controlplane ./e2e/controlplane124 ./e2e/controlplane128
MODULES    := $(sort $(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path '*/testdata/*')))
NESTED     := $(filter-out . $(BUILD_ONLY),$(MODULES))
CHECKED    := . $(NESTED)

# The packages of the root module that start goroutines or share state between them are tested with -race.
PACKAGES   = $(shell go list ./...)
CONCURRENT = "sync(/atomic)?"$$|\<go (func|[a-zA-Z.]+)\(|errgroup
RACE       = $(shell go list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r package dir; do \
	grep -qE '$(CONCURRENT)' $$dir/*.go && echo $$package; done)

# The linter is pinned in tools/go.mod and built once for each version of it and of Go, outside the checkout.
LINT_VERSION := $(shell awk '$$1 == "github.com/golangci/golangci-lint/v2" { print $$2 }' tools/go.mod)
LINT = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/gabion/bin/golangci-lint-$(LINT_VERSION)-$(shell go env GOVERSION)

.PHONY: help build run test lint generate oldest bench soak cluster demo fuzz clean
.DEFAULT_GOAL := help

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build gabion and kubectl-gabion, with its completion, into bin/.
	CGO_ENABLED=0 go build -trimpath -o $(BIN)/ ./cmd/...
	install -m 755 cmd/kubectl-gabion/kubectl_complete-gabion $(BIN)/

run: build ## Preview the three Pod Security levels on the example cluster.
	@for level in privileged baseline restricted; do \
		printf '\n$$ gabion preview --all --enforce=%s %s\n' $$level $(EXAMPLE); \
		$(BIN)/gabion preview --all --enforce=$$level $(EXAMPLE) || exit; \
	done

# Nested modules run programs and servers that the cache of go test does not know of, hence -count=1.
test: ## Run every test of every module; fuzz targets run their seeds.
	go test $(filter-out $(RACE),$(PACKAGES))
	go test -race -timeout 30m $(RACE)
	go -C e2e run ./cmd/cluster build
	@for m in $(NESTED); do \
		echo "go -C $$m test ./..."; \
		go -C $$m test -vet=off -count=1 -timeout 30m ./... || exit; \
	done

lint: $(LINT) ## Check formatting, go.mod files and code.
	@unformatted=$$(gofmt -l $$(find . -name '*.go' -not -path '*/testdata/*')) && \
		if [ -n "$$unformatted" ]; then echo "not formatted with gofmt:"; echo "$$unformatted"; exit 1; fi
	@for m in $(MODULES); do \
		echo "go -C $$m mod tidy -diff"; \
		go -C $$m mod tidy -diff || exit; \
	done
	@generated=$$(mktemp -d) && trap 'rm -r "$$generated"' EXIT && \
		$(MAKE) --no-print-directory generate GENERATED="$$generated" && \
		for file in zz_generated.deepcopy.go crds; do \
			diff -ru api/v1alpha1/$$file "$$generated/$$file" || { echo "not generated from the types: run make generate"; exit 1; }; \
		done
	@for m in $(CHECKED); do \
		echo "golangci-lint run  # in $$m"; \
		(cd $$m && $(LINT) run --config $(ROOT)/.golangci.yml ./...) || exit; \
	done

generate: ## Write what is generated from the types in api/: deep copies and CustomResourceDefinitions.
	@mkdir -p $(BIN)
	go -C tools build -o $(ROOT)/$(BIN)/controller-gen sigs.k8s.io/controller-tools/cmd/controller-gen
	$(BIN)/controller-gen object crd paths=./api/... output:object:dir=$(GENERATED) output:crd:dir=$(GENERATED)/crds

$(LINT):
	@echo "building golangci-lint $(LINT_VERSION), once: this takes minutes"
	@mkdir -p $(@D)
	go -C tools build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

oldest: ## Compare with the plugin of Kubernetes 1.28, the oldest that gabion serve is for; builds its API server once.
	go -C e2e test -vet=off -count=1 -timeout 60m -tags=oldest -run OldestKubernetes ./parity

bench: ## Measure against upstream, side by side; writes docs/performance.md and README.md.
	go -C bench run . -root $(ROOT)

soak: ## Answer a million requests and read gigabytes; writes what was held meanwhile to docs/performance.md.
	go -C bench run . -soak -root $(ROOT)

cluster: ## Run a Kubernetes control plane until Ctrl-C.
	@go -C e2e run ./cmd/cluster

demo: ## Show gabion serve at work on a real API server; it ends by itself.
	@go -C e2e run ./cmd/demo

fuzz: ## Fuzz every target, or FUZZ, for FUZZTIME each; writes docs/fuzzing.md.
	go -C bench run . -fuzz -fuzz-target=$(FUZZ) -fuzz-time=$(FUZZTIME) -root $(ROOT)

clean: ## Remove what build made.
	rm -rf $(BIN)

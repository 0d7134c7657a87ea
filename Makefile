GO ?= go
PREFIX ?= /usr/local

.PHONY: picture share release-snapshot build demo test test-ci test-packages test-program test-engines engine-ssh engine-slurm engine-ray check bench fuzz install clean

# On Linux the program begins with instructions of its own, which see whether the standard files
# are closed: internal/process/entry.
ENTRY = $(if $(filter linux/amd64 linux/arm64,$(shell $(GO) env GOOS)/$(shell $(GO) env GOARCH)),-E fanout_entry)
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w $(ENTRY)' -o fanout .

# The main job on real files: compress each, count its words, keep the order.
demo: build
	sh scripts/demo.sh ./fanout

test:
	$(GO) test -race -count=1 -timeout 30m ./...
	$(GO) test -count=1 $(LARGE)

# The trials of workers that are too many for the race detector.
LARGE = -run 'TestFaults|TestLatency' ./internal/worker

# The same in half the time, for CI: of the program's own tests, only scripts of what goes on at
# the same time are run with the race detector, under which it takes four times as long to start.
RACED = 'TestScriptProcess$$/^(failures|output|pipe|retries|signals_of_jobs|stop|timeout|workers_die)$$|TestConformanceBadConnections'
test-ci:
	$(MAKE) -j2 -O test-packages test-program
test-packages:
	$(GO) test -race -count=1 -timeout 20m $$($(GO) list ./... | tail -n +2)
	$(GO) test -count=1 $(LARGE)
test-program:
	$(GO) test -race -count=1 -timeout 20m -run $(RACED) .
	$(GO) test -count=1 -timeout 20m -skip TestConformanceBadConnections .

# Jobs on other machines, with an sshd, a Slurm and a Ray of our own on this one. Two suites run
# beside each other, since they wait for much. FANOUT_TEST_ALL=1 runs all on Ray.
ENGINES ?= ssh slurm ray
test-engines:
	$(MAKE) -j2 -O $(addprefix engine-,$(ENGINES))

engine-ssh:
	FANOUT_TEST_ENGINES=ssh $(GO) test -count=1 -timeout 20m -run 'SSH|Host|Network' .
engine-slurm:
	FANOUT_TEST_ENGINES=slurm $(GO) test -count=1 -timeout 20m -run Slurm .
engine-ray:
	FANOUT_TEST_ENGINES=ray $(GO) test -count=1 -timeout 30m -run Ray .

check:
	sh scripts/check.sh

# Against the peers that are installed; writes the table into docs/benchmarks.md.
bench:
	$(GO) run ./scripts/bench

# Each fuzzer for a while: FUZZTIME=10s make fuzz
FUZZTIME ?= 30s
fuzz:
	sh scripts/fuzz.sh $(FUZZTIME)

# The picture of the bars in the README, from a real run in tmux.
picture:
	$(GO) run ./scripts/picture docs/progress.svg

# Manual pages, and completions for bash, zsh and fish, under build/share.
share:
	rm -rf build
	$(GO) run ./scripts/man build

install: build share
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 fanout $(DESTDIR)$(PREFIX)/bin/fanout
	cd build && find share -type f -exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/{} \;

# Archives, packages, checksums and bills of material, under dist/; publishes nothing.
release-snapshot:
	sh scripts/release.sh

clean:
	rm -rf fanout build dist .tools

GO ?= go
PREFIX ?= /usr/local

# Go's caches are in the checkout where HOME has no room for them.
ours := $(shell sh scripts/caches.sh $(GO))
ifneq ($(filter GOCACHE,$(ours)),)
export GOCACHE := $(CURDIR)/.tools/go-build
endif
ifneq ($(filter GOMODCACHE,$(ours)),)
export GOMODCACHE := $(CURDIR)/.tools/go-mod
endif
ifneq ($(filter GOFLAGS,$(ours)),)
export GOFLAGS := $(GOFLAGS) -buildvcs=false
endif

.PHONY: picture share release-snapshot build demo test quick fresh test-backends test-qemu check bench fuzz install clean

# On Linux the program begins with instructions of its own, which find out whether the standard files are closed and which
# signals are ignored: internal/process/entry.
ENTRY = $(if $(filter linux/amd64 linux/arm64,$(shell $(GO) env GOOS)/$(shell $(GO) env GOARCH)),-E fanout_entry)
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w $(ENTRY)' -o fanout .

# Demonstrates the main job on real files: compress each, count its words, keep the order.
demo: build
	sh scripts/demo.sh ./fanout

# Runs all tests, with the race detector where there is a C compiler. TESTFLAGS are for scripts/test.
test:
	$(GO) run ./scripts/test $(TESTFLAGS)

# Runs the tests for the inner loop, without slow trials and the race detector.
quick:
	$(GO) run ./scripts/test -quick

# Runs make demo and make test in a bare Debian that it makes for this, as root and as an ordinary user. It needs root.
fresh:
	bash scripts/fresh.sh

# Tests jobs on other machines, with an sshd, a Slurm and a Ray of our own on this one. FANOUT_TEST_ALL=1 runs all tests on
# Ray. These are one test in one cluster: hence the limit, and hence they begin first.
BACKENDS ?= ray ssh slurm
test-backends:
	$(GO) run ./scripts/test -limit 24m -backends '$(BACKENDS)'

# Runs the scripts of testdata with the program for arm64 under qemu-user (Debian: qemu-user-static), as builds of images
# for several platforms do. It skips what cannot work there, with the reason.
test-qemu:
	$(GO) run ./scripts/test -backends qemu

check:
	sh scripts/check.sh

# Races fanout against the peers that are installed, and writes the tables of docs/benchmarks.md. The harness is a module
# of its own. BENCHFLAGS are for it: make bench BENCHFLAGS='-only true'.
bench:
	mkdir -p .tools
	$(GO) build -C scripts/bench -o ../../.tools/bench .
	.tools/bench $(BENCHFLAGS)

# Runs each fuzzer for a while: FUZZTIME=10s make fuzz
FUZZTIME ?= 30s
fuzz:
	sh scripts/fuzz.sh $(FUZZTIME)

# Makes the picture of the bars in the README from a real run in tmux.
picture:
	$(GO) run ./scripts/picture docs/progress.svg

# Makes manual pages, completions for bash, zsh and fish, and the licences of linked modules, under build/share.
share:
	rm -rf build
	$(GO) run ./scripts/man build
	$(GO) run ./scripts/licenses build/share/doc/fanout/THIRD_PARTY_LICENSES

install: build share
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 fanout $(DESTDIR)$(PREFIX)/bin/fanout
	cd build && find share -type f -exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/{} \;

# Makes archives, packages, checksums and bills of material under dist/. It publishes nothing.
release-snapshot:
	sh scripts/release.sh

clean:
	rm -rf fanout build dist .tools

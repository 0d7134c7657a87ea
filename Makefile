GO ?= go
PREFIX ?= /usr/local

.PHONY: picture share release-snapshot build demo test test-engines check bench fuzz install clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o fanout .

# The main job on real files: compress each, count its words, keep the order.
demo: build
	sh scripts/demo.sh ./fanout

test:
	$(GO) test -race -count=1 -timeout 20m ./...

# Jobs on other machines, with an sshd and a Slurm of our own on this one. They run beside each
# other, since they wait for much.
ENGINES ?= ssh slurm
test-engines:
	sh scripts/engines/test $(ENGINES)

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

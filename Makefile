GO ?= go
PREFIX ?= /usr/local

.PHONY: picture share release-snapshot build demo test test-engines engine-ssh engine-slurm engine-ray check bench fuzz install clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o fanout .

# The main job on real files: compress each, count its words, keep the order.
demo: build
	sh scripts/demo.sh ./fanout

test:
	$(GO) test -race -count=1 -timeout 20m ./...

# Jobs on other machines, with an sshd, a Slurm and a Ray of our own on this one. The suites run
# beside each other, since they wait for much.
ENGINES ?= ssh slurm
test-engines:
	$(MAKE) -j3 -O $(addprefix engine-,$(ENGINES))

engine-ssh:
	FANOUT_TEST_ENGINES=ssh $(GO) test -count=1 -timeout 20m -run 'SSH|Host|Far|Network|OtherVersion' .
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

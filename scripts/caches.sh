#!/bin/sh
# Prints the variables of Go that the Makefile sets here, a name a line: of the caches that cannot be written, as where
# HOME is not set or is another's, and GOFLAGS where git does not read the checkout, since another owns it.
go=${1:-go}
writable() {
	case $1 in /*) ;; *) return 1 ;; esac
	mkdir -p "$1" 2>/dev/null && try=$(mktemp "$1/.try.XXXXXX" 2>/dev/null) && rm "$try"
}
writable "$($go env GOCACHE 2>/dev/null)" || echo GOCACHE
# Modules that are all there need not be written.
writable "$($go env GOMODCACHE 2>/dev/null)" || GOPROXY=off GOCACHE="$PWD/.tools/go-build" $go list -deps -test ./... >/dev/null 2>&1 || echo GOMODCACHE
[ ! -e .git ] || git rev-parse HEAD >/dev/null 2>&1 || ! command -v git >/dev/null || echo GOFLAGS

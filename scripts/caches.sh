#!/bin/sh
# Prints the names of the Go variables that the Makefile has to set, one per line: those of caches that cannot be written,
# because HOME is not set or belongs to another user, and GOFLAGS if git refuses the checkout because another user owns it.
go=${1:-go}
writable() {
	case $1 in /*) ;; *) return 1 ;; esac
	mkdir -p "$1" 2>/dev/null && try=$(mktemp "$1/.try.XXXXXX" 2>/dev/null) && rm "$try"
}
writable "$($go env GOCACHE 2>/dev/null)" || echo GOCACHE
# The cache of modules need not be written when it has all of them.
writable "$($go env GOMODCACHE 2>/dev/null)" || GOPROXY=off GOCACHE="$PWD/.tools/go-build" $go list -deps -test ./... >/dev/null 2>&1 || echo GOMODCACHE
[ ! -e .git ] || git rev-parse HEAD >/dev/null 2>&1 || ! command -v git >/dev/null || echo GOFLAGS

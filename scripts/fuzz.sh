#!/bin/sh
# Runs each fuzzer of the project for a while, one after the other.
set -eu
cd "$(dirname "$0")/.."
git grep -l '^func Fuzz' -- '*_test.go' | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' "$file" | while read -r fuzzer; do
		echo "$file: $fuzzer"
		go test -run='^$' -fuzz="^$fuzzer\$" -fuzztime="${1:-30s}" "./$(dirname "$file")" </dev/null
	done
done

#!/bin/sh
# The static checks: format, vet, staticcheck, modules, the shell scripts, the types of the Python, and a
# build for each platform. The layering of the packages is a test (internal/e2e/layering_test.go).
set -eu
cd "$(dirname "$0")/.."
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "not formatted by gofmt: $unformatted" >&2
	exit 1
fi
go vet ./...
go run $staticcheck ./...
go mod tidy -diff
if command -v shellcheck >/dev/null; then
	shellcheck internal/remote/bootstrap.sh # it runs in shells of all kinds, on machines that nobody has seen
	shellcheck --severity=warning scripts/*.sh scripts/backends/*
else
	echo "NOT CHECKED: internal/remote/bootstrap.sh and scripts, which need shellcheck" >&2
fi
python=.tools/python
if [ -x $python/bin/mypy ] || { python3 -m venv $python && $python/bin/pip install --quiet ruff==0.17.6 mypy==2.4.1; }; then
	$python/bin/ruff check --quiet internal
	$python/bin/ruff format --quiet --diff internal
	$python/bin/mypy --strict --ignore-missing-imports internal/remote/driver.py
else
	echo "NOT CHECKED: internal/remote/driver.py, which needs python3 with venv, ruff and mypy" >&2
fi
# darwin/amd64 has the same files as darwin/arm64; the release builds it.
for platform in linux/amd64 linux/arm64 darwin/arm64; do
	echo "building for $platform"
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -o /dev/null .
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go vet ./internal/... ./cmd
done
echo "static checks passed"

#!/bin/sh
# The static checks: format, vet, staticcheck, modules, and a build for each
# platform. The layering of the packages is a test (layering_test.go).
set -eu
cd "$(dirname "$0")/.."
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
	echo "not formatted by gofmt: $unformatted" >&2
	exit 1
fi
go vet ./...
go run $staticcheck ./...
go mod tidy -diff
for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	echo "building for $platform"
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -o /dev/null .
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go vet ./internal/... ./cmd
done
echo "static checks passed"

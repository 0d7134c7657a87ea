#!/bin/sh
# The static checks: format, vet, linters, modules, licences, known vulnerabilities, the types of the Python, and a build
# for each platform. The layering of the packages, and the sizes of files and lines, are tests of internal/e2e.
# It says what it cannot check here. Where CI is set, missing linters fail it.
set -eu
cd "$(dirname "$0")/.."
golangci_version=v2.15.0 govulncheck_version=v1.9.0

# not_checked WHAT WHY
not_checked() {
	echo "NOT CHECKED: $1: $2" >&2
}

# tool NAME VERSION PACKAGE prints the path of a tool, which is built once, into .tools.
tool() {
	bin=$PWD/.tools/$1-$2-$(go env GOVERSION)
	if [ ! -x "$bin/$1" ]; then
		echo "building $1 $2, which takes a while" >&2
		GOBIN=$bin GOFLAGS='' go install "$3@$2" >&2 || return 1
	fi
	echo "$bin/$1"
}

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "not formatted by gofmt: $unformatted" >&2
	exit 1
fi

# scripts/bench is a module of its own.
for module in . scripts/bench; do
	go vet -C $module ./...
	(cd $module && go mod tidy -diff)
done

if golangci=$(tool golangci-lint $golangci_version github.com/golangci/golangci-lint/v2/cmd/golangci-lint); then
	export GOLANGCI_LINT_CACHE="$PWD/.tools/golangci-lint-cache"
	for module in . scripts/bench; do
		(config=$PWD/.golangci.yml && cd $module && "$golangci" run --config "$config" ./...)
	done
else
	not_checked "the linters" "golangci-lint cannot be built"
	[ -z "${CI:-}" ] || exit 1
fi

# Each linked module has a licence. A release contains them.
go run ./scripts/licenses .tools/THIRD_PARTY_LICENSES

# VULNDB is another database than vuln.go.dev, such as file:///DIR. Without any, there is nothing to compare with.
if govulncheck=$(tool govulncheck $govulncheck_version golang.org/x/vuln/cmd/govulncheck); then
	code=0
	found=$("$govulncheck" ${VULNDB:+-db "$VULNDB"} ./... 2>&1) || code=$?
	case $code:$found in
	0:*) ;;
	*"fetching vulnerabilities:"*) not_checked "known vulnerabilities" "$found" ;;
	*)
		echo "$found" >&2
		exit 1
		;;
	esac
else
	not_checked "known vulnerabilities" "govulncheck cannot be built"
	[ -z "${CI:-}" ] || exit 1
fi


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
	not_checked "internal/remote/driver.py" "it needs python3 with venv, ruff and mypy"
fi

# darwin/amd64 has the same files as darwin/arm64; the release builds it.
for platform in linux/amd64 linux/arm64 darwin/arm64; do
	echo "building for $platform"
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -o /dev/null .
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go vet ./internal/... ./cmd
done
echo "static checks passed"

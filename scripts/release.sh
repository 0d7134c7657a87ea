#!/bin/sh
# Checks .goreleaser.yaml and makes the parts of a release under dist/. It publishes nothing. The tools are built once,
# into .tools: goreleaser, and syft for the bills of material.
set -eu
cd "$(dirname "$0")/.."
goreleaser=v2.15.0 syft=v1.57.0

tools=$PWD/.tools/$goreleaser-$syft
if [ ! -x "$tools/goreleaser" ] || [ ! -x "$tools/syft" ]; then
	echo "building goreleaser $goreleaser and syft $syft, which takes some minutes"
	GOBIN=$tools GOFLAGS='' go install github.com/goreleaser/goreleaser/v2@$goreleaser
	GOBIN=$tools GOFLAGS='' go install github.com/anchore/syft/cmd/syft@$syft
fi
PATH=$tools:$PATH
goreleaser check
goreleaser release --snapshot --clean

# Each archive and package has all its parts.
for archive in dist/*.tar.gz; do
	tar tzf "$archive" > dist/contents
	for part in /fanout /LICENSE /THIRD_PARTY_LICENSES /share/man/man1/fanout.1 /share/man/man7/fanout-templates.7 /docs/templates.md /docs/record.schema.json /share/bash-completion/completions/fanout /share/zsh/site-functions/_fanout /share/fish/vendor_completions.d/fanout.fish; do
		grep -q "$part\$" dist/contents || { echo "$archive has no $part" >&2; exit 1; }
	done
done
rm dist/contents
(cd dist && sha256sum --check --quiet checksums.txt)
for package in dist/*.deb dist/*.rpm dist/*.sbom.json; do
	test -s "$package" || { echo "$package is missing" >&2; exit 1; }
done
if command -v dpkg-deb >/dev/null; then
	for package in dist/*.deb; do
		dpkg-deb --contents "$package" | grep -q /usr/share/doc/fanout/THIRD_PARTY_LICENSES ||
			{ echo "$package has no THIRD_PARTY_LICENSES" >&2; exit 1; }
	done
fi
echo "dist/ has $(ls dist/*.tar.gz | wc -l) archives, $(ls dist/*.deb dist/*.rpm | wc -l) packages and $(ls dist/*.sbom.json | wc -l) bills of material"

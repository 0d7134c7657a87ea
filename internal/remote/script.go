package remote

import (
	"fmt"
	"strings"
)

// Program is this fanout, as it is wanted at the far end.
type Program struct {
	Path     string
	Identity string // what a fanout says that does as well, to fanout worker --identity
	Sum      string // SHA-256, in hexadecimal digits
	Size     int64
}

// script is what a shell at the far end runs to become a worker: it looks for a fanout that
// is the same as ours or else asks for ours, by lines that begin with the token. It is for
// any POSIX shell, in one line without single quotes, so that it can stand in these
// whatever the login shell is.
//
// There is no exclamation mark in it either, which is csh's own even in quotes.
//
// The program is kept in a directory that is the user's alone, under the first of three
// where programs may be executed. The name of what is not complete is another, and it is
// only renamed when its checksum is right. One that is kept there is asked who it is before it is
// used, since a crash may have damaged it.
func (p Program) script(token, mark, verb, after string) string {
	become := `exec "$1" worker ` + verb + `; exit 126`
	if after != "" {
		become = `"$1" worker ` + verb + `; c=$?; ` + after + `exit $c`
	}
	lines := []string{
		`m=$(umask)`,
		`umask 077`,
		`export FANOUT_MARK="` + mark + `"`,
		`u=$(id -u)`,
		`say() { echo "` + token + ` $*"; }`,
		`go() { umask $m; say run; ` + become + `; }`,
		`own() { set -- $(ls -ldn "$1" 2>/dev/null); case "$1 $3" in "drwx------"*" $u") return 0;; esac; return 1; }`,
		`same() { [ "$("$1" worker --identity 2>/dev/null)" = "` + p.Identity + `" ]; }`,
		`p=$(command -v fanout) && same "$p" && go "$p"`,
		`for d in "${TMPDIR:-/tmp}" /var/tmp "$HOME/.cache"; do q=$d/fanout-worker-$u; f=$q/` + p.Sum + `/fanout; [ -x "$f" ] && own "$q" && same "$f" && go "$f"; done`,
		`say need $(uname -s) $(uname -m)`,
		`for d in "${TMPDIR:-/tmp}" /var/tmp "$HOME/.cache"; do q=$d/fanout-worker-$u; t=$q/new.$$; mkdir "$q" 2>/dev/null; own "$q" || continue; ` +
			`{ echo : >"$t" && chmod 700 "$t" && "$t"; } 2>/dev/null || { rm -f "$t"; continue; }; ` +
			`say send "$q"; ` +
			fmt.Sprintf(`head -c %d >"$t" || { rm -f "$t"; say full "$q"; exit 1; }; `, p.Size) +
			`s=$({ sha256sum "$t" || shasum -a 256 "$t" || openssl dgst -sha256 -r "$t"; } 2>/dev/null | cut -c1-64); ` +
			`[ "$s" = ` + p.Sum + ` ] || { rm -f "$t"; say bad "$s" "$q"; exit 1; }; ` +
			`mkdir -p "$q/` + p.Sum + `" && mv -f "$t" "$q/` + p.Sum + `/fanout" || { say bad "$q"; exit 1; }; ` +
			`find "$q" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} + 2>/dev/null; ` +
			`go "$q/` + p.Sum + `/fanout"; done`,
		`say nowhere`,
		`exit 1`,
	}
	return strings.Join(lines, "; ")
}

// cleanHere has the script's shell end what a worker of the run has left that was killed
// together with its guardian.
func cleanHere(run string) string { return `"$1" worker --clean ` + run + ` >&2` }

#!/bin/sh
# Makes the shell that runs it a fanout worker: it looks for a fanout that is the same as the runner's, or asks the
# runner for a copy. bootstrap.go sends it in one line, behind the assignments of
#
#	token      begins each line that is for the runner
#	job_id     the name of the worker's processes in their environment
#	identity   what the right fanout says to `fanout worker --identity`
#	sum, size  of a copy: SHA-256 in hexadecimal digits, and bytes
#	clean_run  the run whose leftovers this shell ends when the worker fails; empty: the worker replaces this shell
#	scancel    yes: and then it gives the allocation of Slurm back
#
# and of the worker's arguments to "$@". It is for any POSIX shell. It has no single quotes, so that it can stand in
# these whatever the login shell is, and no exclamation marks, which csh expands even there. Each line is a command of
# its own, or ends with do, then, else or { (see oneLine in bootstrap.go); no comment stands behind a command.
#
# A copy is kept in a directory that is the user's alone, under the first of three where programs may be executed. It
# has another name until it is complete and its checksum is right. A kept one is asked for its identity before it is
# used, since a crash may have damaged it.

# shellcheck disable=SC2154 # the assignments come before it

mask=$(umask)
umask 077
export FANOUT_MARK="$job_id"
uid=$(id -u)

# say tells the runner something.
say() { echo "$token $*"; }

# become FANOUT ARG... turns this shell into a worker.
become() {
	fanout=$1
	shift
	umask "$mask"
	say run
	if [ -z "$clean_run" ]; then
		exec "$fanout" worker "$@"
		exit 126
	fi
	"$fanout" worker "$@"
	code=$?
	if [ "$code" -ne 0 ]; then
		"$fanout" worker --clean "$clean_run" >&2
		if [ "$scancel" = yes ]; then
			scancel "$SLURM_JOB_ID" 2>/dev/null
		fi
	fi
	exit "$code"
}

# own DIR succeeds if DIR is a directory that is the user's alone.
own() {
	# shellcheck disable=SC2012,SC2046 # stat(1) is not the same everywhere, and the first words tell all
	set -- $(ls -ldn "$1" 2>/dev/null)
	case "$1 $3" in "drwx------"*" $uid") return 0;; esac
	return 1
}

# same FANOUT succeeds if FANOUT does what the runner does.
same() { [ "$("$1" worker --identity 2>/dev/null)" = "$identity" ]; }

installed=$(command -v fanout) && same "$installed" && become "$installed" "$@"
for parent in "${TMPDIR:-/tmp}" /var/tmp "$HOME/.cache"; do
	dir=$parent/fanout-worker-$uid
	kept=$dir/$sum/fanout
	[ -x "$kept" ] && own "$dir" && same "$kept" && become "$kept" "$@"
done

# shellcheck disable=SC2046 # two words
say need $(uname -s) $(uname -m)
for parent in "${TMPDIR:-/tmp}" /var/tmp "$HOME/.cache"; do
	dir=$parent/fanout-worker-$uid
	new=$dir/new.$$
	mkdir "$dir" 2>/dev/null
	own "$dir" || continue
	# A file that runs as a script shows that programs may be executed there.
	{ echo : >"$new" && chmod 700 "$new" && "$new"; } 2>/dev/null || { rm -f "$new"; continue; }
	say send "$dir"
	head -c "$size" >"$new" || { rm -f "$new"; say full "$dir"; exit 1; }
	got=$({ sha256sum "$new" || shasum -a 256 "$new" || openssl dgst -sha256 -r "$new"; } 2>/dev/null | cut -c1-64)
	[ "$got" = "$sum" ] || { rm -f "$new"; say bad "$got" "$dir"; exit 1; }
	{ mkdir -p "$dir/$sum" && mv -f "$new" "$dir/$sum/fanout"; } || { say bad "$dir"; exit 1; }
	find "$dir" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} + 2>/dev/null
	become "$dir/$sum/fanout" "$@"
done
say nowhere
exit 1

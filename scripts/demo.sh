#!/bin/sh
# Shows the main job on real files, step by step: make demo.
set -eu
fanout=$(realpath "$1")
cd "$(dirname "$0")/../testdata/demo"
PATH=$(dirname "$fanout"):$PATH

say() { printf '\n\033[1m$ %s\033[0m\n' "$1"; }
run() { say "$1"; sh -c "$1"; }

run "ls | fanout -k --tag 'wc -w < {}'"
run "ls | fanout -k 'gzip -9 -c {} | wc -c | tr -d \" \"; echo {/.}'"
run "seq 1000000 | fanout 'echo {}' | wc -l"

say "fanout -k 'head -1 {}' ::: *.txt missing.txt"
code=0
fanout -k 'head -1 {}' ::: *.txt missing.txt || code=$?
printf '\nExit code %d: some jobs failed, and the summary says which and why.\n' "$code"
test "$code" = 123

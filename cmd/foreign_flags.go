package cmd

// foreign is what fanout makes of flags of other tools. Several rows for a flag tell its values apart: the first row
// that its value fits counts.
type foreign struct {
	flags string // -P --max-procs; - within long names does not count
	of    string // the tools that have them
	value values
	fits  string // a regular expression; "": any value
	like  string // how docs show such values
	as    string // words of fanout that mean the same, with %s for the value, or the part of it in parentheses
	say   string // how it is said here, if it is refused
}

// values says whether a flag has a value.
type values int

const (
	noValue values = iota
	hasValue
	attached // only after =
)

// The texts of several rows.
const (
	noNames    = "placeholders have one spelling: fanout help templates lists them"
	noBraces   = "write {} where the item goes, as it has no other name; for rush's -I, write --output line"
	noLoad     = "fanout does not watch the load or free memory; -j N and --rate RATE limit what runs, --memory-limit SIZE each job"
	noTerminal = "jobs have no terminal here; give input by a file or by --pipe"
	noFiles    = "fanout copies no files to hosts or back; write scp or rsync into a quoted script"
	noRecords  = "with --pipe, write -d S for what ends an item"
	noSQL      = "write --json, and load its objects into the database"
	noSem      = "fanout is no semaphore; write flock FILE COMMAND"
	noTmux     = "jobs have no windows here; --output line shows lines as they come"
	noColumns  = "fanout does not share rows out by a column; sort and split the input first"
	noDefault  = "the number of jobs counts from the CPUs that fanout may use: -j 150%, -j +2, -j -1"
	noEnd      = "end the input yourself: sed '/^END$/,$d' FILE | fanout …"
	noLines    = "write -n N; an item is a whole line, or a word with --format shell"
	noLimit    = "there is no limit in bytes; write -n N, or -n max for all that fit"
	noHosts    = "write --backend ssh --hosts n1:8,n2:8"
	noOnAll    = "write the hosts as items: fanout --tag ssh {} COMMAND ::: n1 n2"
	noEdit     = "edit the input first, or the item in a quoted script: f={}; \"${f# }\""
	noColor    = "fanout colors no output; jobs that are to color theirs need a flag of their own"
	noShebang  = "fanout is not an interpreter; call it in a script"
	noSession  = "name variables by --env; functions must be exported: export -f NAME"
)

// foreigners is the table of flags of other tools that fanout takes or answers. Those with a spelling of fanout's own
// are in [lookalikes].
var foreigners = []foreign{
	{flags: "-P --max-procs", of: "xargs parallel", value: hasValue, as: "--workers=%s"},
	{flags: "--jobs", of: "parallel rush", value: hasValue, as: "--workers=%s"},
	{flags: "--max-args", of: "xargs parallel", value: hasValue, as: "--batch=%s"},
	{flags: "-N --max-replace-args", of: "parallel", value: hasValue, as: "--batch=%s"},
	{flags: "--batch-size", of: "fd", value: hasValue, as: "--batch=%s"},
	{flags: "-X", of: "parallel", as: "--batch=even"},
	{flags: "--xargs", of: "parallel", as: "--batch=max"},
	{flags: "--arg-file", of: "xargs parallel", value: hasValue, as: "--input=%s"},
	{flags: "--field-delimiter", of: "rush", value: hasValue, as: "--colsep=%s"},
	{flags: "--col-sep", of: "parallel", value: hasValue, as: "--colsep=%s"},
	{flags: "--lb --line-buffer --line-buffered", of: "parallel", as: "--output=line"},
	{flags: "-u --ungroup", of: "parallel", as: "--output=raw"},
	{flags: "--group", of: "parallel"},
	{flags: "--no-keep-order --nok", of: "parallel", as: "--keep-order=false"},
	{flags: "--out-file", of: "rush", value: hasValue, fits: `^(.*[^-].*)$`, as: "--out=%s"},
	{flags: "--out-file", of: "rush", value: hasValue, say: "leave it out to print on standard output"},
	{flags: "--bar --eta", of: "parallel", as: "--progress=bars"},
	{flags: "--eta", of: "rush", as: "--progress=bars"},
	{flags: "--dryrun --dr", of: "parallel", as: "--dry-run"},
	{flags: "--no-run-if-empty", of: "xargs parallel"},
	{flags: "-I", of: "xargs parallel", value: hasValue, fits: `^\{\}$`, like: "{}"},
	{flags: "-I", of: "xargs parallel rush", value: hasValue, say: noBraces},
	{flags: "--replace", of: "xargs parallel", value: attached, fits: `^(\{\})?$`, like: "{}"},
	{flags: "--replace", of: "xargs parallel", value: attached, say: "write {} where the item goes, as it has no other name"},
	{flags: "-i", of: "xargs parallel rush", say: "leave out xargs' -i, as {} is always the item; for rush's -i FILE, write -a FILE"},
	{flags: "-x --exit", of: "xargs parallel"},
	{flags: "-x --exec", of: "fd"},
	{flags: "--gnu --will-cite --nn --no-notice", of: "parallel"},
	{flags: "--silent", of: "parallel"},
	{flags: "--filter-hosts --filter-host", of: "parallel"},
	{flags: "-M --controlmaster", of: "parallel"},
	{flags: "--escape", of: "rush"},
	{flags: "--xapply", of: "parallel", as: "--link=wrap"},
	{flags: "--resume-failed", of: "parallel", as: "--resume"},
	{flags: "--tempdir", of: "parallel", value: hasValue, as: "--tmpdir=%s"},
	{flags: "--ssh", of: "parallel", value: hasValue, as: "--ssh-command=%s"},
	{flags: "-V --version", of: "parallel rush fd", as: "version"},
	{flags: "--version", of: "xargs", as: "version"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, fits: `^(now,fail=1|2)$`, like: "now,fail=1 2", as: "--stop-on-error=now"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, fits: `^(soon,fail=1|1)$`, like: "soon,fail=1 1", as: "--stop-on-error=soon"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, fits: `^(never|0)$`, like: "never 0"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, fits: `^now,fail=([0-9]+)$`, like: "now,fail=N", as: "--max-failures=%s"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, fits: `^soon,fail=([0-9]+)$`, like: "soon,fail=N", as: "--stop-on-error=soon --max-failures=%s"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, fits: `%$`, like: "soon,fail=N%", say: "write --max-failures N%, which counts from the 20th job on, or -e and --max-failures N"},
	{flags: "--halt --halt-on-error", of: "parallel", value: hasValue, say: "write -e, -e=soon or --max-failures N; only failures stop a run"},

	{flags: "--joblog --jl", of: "parallel", value: hasValue, say: "write --journal FILE; then fanout report --format tsv FILE prints a joblog"},
	{flags: "-L -l --max-lines", of: "xargs parallel", say: noLines},
	{flags: "-s --max-chars", of: "xargs parallel", say: noLimit},
	{flags: "-E --eof", of: "xargs parallel", say: noEnd},
	{flags: "--open-tty", of: "xargs parallel", say: noTerminal},
	{flags: "--tty", of: "parallel", say: noTerminal},
	{flags: "--interactive", of: "xargs parallel", say: "fanout asks nothing; --dry-run shows the commands, and runs nothing"},
	{flags: "--process-slot-var", of: "xargs parallel", say: "write {%}, or $FANOUT_SLOT in a script; slots count from 1"},
	{flags: "--show-limits --max-line-length-allowed", of: "xargs parallel", say: noLimit},
	{flags: "-R", of: "xargs", say: "{} is replaced wherever it stands"},
	{flags: "-J", of: "xargs parallel rush", say: "write {} for the items of xargs' -J, --profile NAME for parallel's; a batch's items are arguments, which nothing joins"},
	{flags: "-S --sshlogin", of: "parallel", say: noHosts},
	{flags: "--slf --sshloginfile", of: "parallel", say: "write --backend ssh --hosts-file FILE"},
	{flags: "--ssh-delay", of: "parallel", say: "one connection to a host is enough here; leave it out"},
	{flags: "--onall --nonall", of: "parallel", say: noOnAll},
	{flags: "--hgrp --hostgrp --hostgroup --hostgroups", of: "parallel", say: "hosts have no groups here; run fanout once for each group"},
	{flags: "--bf --basefile --tf --transfer --transferfile --transfer-files --return --trc --cleanup --rsync-opts", of: "parallel", say: noFiles},
	{flags: "--wd --work-dir", of: "parallel", say: "write -C DIR, or --remote-dir DIR for jobs on hosts"},
	{flags: "--pipe-part", of: "parallel", say: "write -a FILE --pipe -n LINES, or -n max for about 1 MiB"},
	{flags: "--spreadstdin", of: "parallel", say: "write --pipe -n max; without -n, each job gets one line"},
	{flags: "--block --block-size --block-timeout --bt", of: "parallel", say: "with --pipe, write -n LINES, or -n max for about 1 MiB"},
	{flags: "--recend", of: "parallel", say: noRecords},
	{flags: "--recstart --regexp --regex --rrs --remove-rec-sep", of: "parallel", say: noRecords},
	{flags: "--round-robin --round", of: "parallel", say: "write --persistent for a program that answers line by line, or --pipe -n LINES"},
	{flags: "--cat --fifo", of: "parallel", say: "with --pipe, write the items to a file yourself: 'cat > f{#}; COMMAND f{#}'"},
	{flags: "--tee", of: "parallel", say: "give each COMMAND the whole file: fanout 'COMMAND {} < FILE' ::: …"},
	{flags: "--bin --shard --group-by", of: "parallel", say: noColumns},
	{flags: "--skip-first-line", of: "parallel", say: "write tail -n +2 FILE | fanout …, or --csv, which reads a header"},
	{flags: "--shuf", of: "parallel", say: "write shuf FILE | fanout …"},
	{flags: "-T", of: "parallel rush", say: noEdit},
	{flags: "--trim", of: "parallel rush", say: noEdit},
	{flags: "--arg-sep --arg-file-sep", of: "parallel", say: "::: and :::: have one spelling; quote the whole command if they belong to it"},
	{flags: "--link-input-source --xapply-input-source", of: "parallel", say: "write --link, which pairs all sources"},
	{flags: "-U --er --extensionreplace --bnr --basenamereplace --dnr --dirnamereplace --bner --basenameextensionreplace --seqreplace --slotreplace", of: "parallel", say: noNames},
	{flags: "--plus --rpl --parens", of: "parallel", say: "write bash in a quoted script: f={}; \"${f%.tar.gz}\""},
	{flags: "--quote", of: "parallel", say: "words of COMMAND stay words here; leave it out"},
	{flags: "--uq --unquote", of: "parallel", say: "an item is never code; write --pipe bash for items that are commands"},
	{flags: "--shell-quote", of: "parallel", say: "write {:q}: fanout echo {:q}"},
	{flags: "--tag-string --ctag-string", of: "parallel", say: "write --tag, or let a script begin its lines: 'COMMAND | sed \"s/^/job {#}: /\"'"},
	{flags: "--ctag --color --colour --color-failed --color-fail --colour-failed --colour-fail --cf", of: "parallel", say: noColor},
	{flags: "--latest-line --ll", of: "parallel", say: "write --output line; bars do not show what jobs print"},
	{flags: "--files --output-as-files", of: "parallel", say: "write --results DIR --output none; the files are DIR/*/*/stdout"},
	{flags: "--result --res", of: "parallel", say: "write --results DIR, in which jobs have numbers"},
	{flags: "--compress --compress-program --use-compress-program --decompress-program --use-decompress-program", of: "parallel", say: "what fanout keeps in --tmpdir is not compressed; leave it out"},
	{flags: "--load --memfree --memsuspend --noswap", of: "parallel", say: noLoad},
	{flags: "--limit", of: "parallel", say: noLoad},
	{flags: "--filter", of: "parallel", say: "write the condition into a quoted script: 'if [ {1} != {2} ]; then COMMAND; fi'"},
	{flags: "--term-seq", of: "parallel", say: "jobs get TERM first; --grace D is the time until KILL"},
	{flags: "--ctrl-c --no-ctrl-c", of: "parallel", say: "Ctrl-C stops the run and all its jobs"},
	{flags: "--total --total-jobs", of: "parallel", say: "fanout counts the items itself; leave it out"},
	{flags: "--semaphore --id --semaphore-name --st --semaphore-timeout --fg --bg --wait", of: "parallel", say: noSem},
	{flags: "--sql --sql-master --sql-worker --sql-and-worker", of: "parallel", say: noSQL},
	{flags: "--tmux --tmux-pane", of: "parallel", say: noTmux},
	{flags: "--template --tmpl", of: "parallel", say: "write the file in a quoted script: 'echo x={1} > x-{1}'"},
	{flags: "--session --record-env", of: "parallel", say: noSession},
	{flags: "--parset", of: "parallel", say: "write mapfile -t NAME < <(fanout -k …)"},
	{flags: "--shebang --hashbang --shebang-wrap --embed", of: "parallel", say: noShebang},
	{flags: "--shell-completion", of: "parallel", say: "write fanout completion bash, zsh or fish"},
	{flags: "--combineexec", of: "parallel", say: "write a script that calls fanout"},
	{flags: "--bibtex --citation", of: "parallel", say: "fanout asks for no citation"},
	{flags: "--tollef", of: "parallel", say: "write ::: before the items"},
	{flags: "--plain", of: "parallel", say: "write --config '' for no configuration file; variables FANOUT_… count all the same"},
	{flags: "--min-version", of: "parallel", say: "write fanout version"},
	{flags: "--number-of-cores --number-of-cpus --number-of-sockets --number-of-threads", of: "parallel", say: "write nproc"},
	{flags: "--use-cpus-instead-of-cores --use-cores-instead-of-threads --use-sockets-instead-of-threads", of: "parallel", say: noDefault},
	{flags: "-D", of: "parallel rush", say: "write --log-level debug for parallel's, and -d S for rush's"},
	{flags: "--debug", of: "parallel", say: "write --log-level debug"},

	{flags: "--record-delimiter", of: "rush", say: "write -d S"},
	{flags: "--nrecords", of: "rush", say: "write -n N; the items of a batch are arguments, not one text"},
	{flags: "--infile", of: "rush", say: "write -a FILE; two of them give all pairs, and cat FILE FILE | fanout … all lines"},
	{flags: "--immediate-output", of: "rush", say: "write --output line or --output raw"},
	{flags: "--retry-interval", of: "rush", say: "write --retry-delay D, which doubles after each retry"},
	{flags: "-c --continue --succ-cmd-file", of: "rush", say: "write --journal FILE --resume"},
	{flags: "--assign", of: "rush", say: "write --env NAME=VALUE, and \"$NAME\" in a quoted script"},
	{flags: "--records-join-sep", of: "rush", say: "the items of a batch are arguments; nothing joins them"},
	{flags: "-Q --escape-symbols", of: "rush", say: "items need no escapes here; leave it out"},
	{flags: "--print-retry-output", of: "rush", say: "the output of the last attempt is printed; --output line prints that of all"},
	{flags: "--propagate-exit-status", of: "rush", say: "exit codes say what kind of failure there was; --json has the code of each job"},
	{flags: "--cleanup-time", of: "rush", say: "write --grace D"},
	{flags: "--no-stop-exes --no-kill-exes", of: "rush", say: "a stop ends all processes of a job, whatever their names; leave it out"},
	{flags: "--exec-batch", of: "fd", say: "write -n max"},
	{flags: "--print0", of: "fd", say: "write it for fd: fd --print0 | fanout -0 …"},
}

// lookalike is a flag of fanout that means something else in another tool.
type lookalike struct {
	flag  string // as in messages
	of    string
	value string // a regular expression for a value that shows the mistake; "": it cannot be told apart
	say   string // what differs
}

// lookalikes is the table of these flags. The text is added to the error about such a value.
var lookalikes = []lookalike{
	{"-r", "xargs parallel", `^[^0-9]`, "-r of xargs and parallel is the default here: nothing runs for empty input"},
	{"-t", "xargs parallel", `^[^0-9.]`, "-t of xargs and parallel has no counterpart; --dry-run prints the commands, and runs nothing"},
	{"-p", "xargs parallel", ``, "-p of xargs and parallel has no counterpart; --dry-run prints the commands, and runs nothing"},
	{"--progress", "parallel", `.`, "for parallel's --progress, write -p bars; its -p has no counterpart"},
	{"-m", "parallel", `.`, "for parallel's -m, write -n even"},
	{"--timeout", "parallel", `%$`, "parallel's share of the median has no counterpart"},
	{"--delay", "parallel", `auto$`, "parallel's auto has no counterpart; write --rate RATE"},
	{"-j", "parallel", `/|\.[a-z]`, "parallel's -j FILE has no counterpart"},
	{"-C", "parallel", `^([^a-zA-Z0-9./_~-]|$)`, "for parallel's -C, write --colsep"},
	{"-e", "xargs parallel", ``, "-e stops at a failure here; -e of xargs and parallel names the end of the input"},
	{"-o", "xargs parallel", ``, "-o FILE is a file here; -o of xargs and parallel opens the terminal for jobs"},
	{"-q", "parallel rush", ``, "-q is silence here; -q of parallel and rush quotes, which is not needed"},
	{"-v", "parallel rush", ``, "-v logs jobs that end here; parallel's prints commands, and rush's -v sets variables"},
	{"--verbose", "xargs parallel rush", ``, "it logs jobs that end; theirs prints commands"},
	{"-d", "rush", ``, "-d ends items here; for rush's -d, write --colsep"},
	{"-C", "rush", ``, "-C is a directory here; for rush's -C, write --journal FILE --resume"},
	{"-n", "rush", ``, "the items of a batch are arguments; rush joins them with newlines"},
	{"-a", "parallel", ``, "as there, two of them give all pairs"},
	{"--retries", "parallel", ``, "it counts further attempts: for parallel's 3, write 2"},
	{"--pipe", "parallel", ``, "without -n, a job gets one line; for blocks, add -n max"},
	{"--csv", "parallel", ``, "the first row is the header; --header=false if it is not"},
	{"--header", "parallel", ``, "as `:`, or without a value; needs --csv, --tsv or --colsep"},
	{"--link", "parallel", ``, "unequal sources are refused; --link=wrap repeats the shorter ones"},
	{"--results", "parallel", ``, "DIR is always a directory, in which jobs have numbers"},
	{"--resume", "parallel", ``, "needs --journal, and also runs what has failed"},
	{"--retry-failed", "parallel", ``, "needs --journal, COMMAND and the items"},
	{"--env", "parallel", ``, "for variables; an exported function NAME is BASH_FUNC_NAME%%"},
	{"--nice", "parallel", ``, "needs --mode process"},
	{"--profile", "parallel", ``, "a profile of fanout's configuration"},
	{"--threads", "fd", ``, "jobs in each worker process; for fd's --threads, write -j"},
}

package cmd

import (
	"slices"
	"strings"
	"testing"
)

// takenFlags lists command lines with flags of other tools, and what they become.
func takenFlags() map[string]string {
	return map[string]string{
		`-P 3 c`:                            `--workers=3 c`,
		`--max-procs 3 c`:                   `--workers=3 c`,
		`--jobs 3 c`:                        `--workers=3 c`,
		`--max-args 3 c`:                    `--batch=3 c`,
		`-N 3 c`:                            `--batch=3 c`,
		`--max-replace-args 3 c`:            `--batch=3 c`,
		`--batch-size 3 c`:                  `--batch=3 c`,
		`-X c`:                              `--batch=even c`,
		`--xargs c`:                         `--batch=max c`,
		`--arg-file 3 c`:                    `--input=3 c`,
		`--field-delimiter 3 c`:             `--colsep=3 c`,
		`--col-sep 3 c`:                     `--colsep=3 c`,
		`--lb c`:                            `--output=line c`,
		`--line-buffer c`:                   `--output=line c`,
		`--line-buffered c`:                 `--output=line c`,
		`-u c`:                              `--output=raw c`,
		`--ungroup c`:                       `--output=raw c`,
		`--group c`:                         `c`,
		`--no-keep-order c`:                 `--keep-order=false c`,
		`--nok c`:                           `--keep-order=false c`,
		`--bar c`:                           `--progress=bars c`,
		`--eta c`:                           `--progress=bars c`,
		`--dryrun c`:                        `--dry-run c`,
		`--dr c`:                            `--dry-run c`,
		`--no-run-if-empty c`:               `c`,
		`-x c`:                              `c`,
		`--exit c`:                          `c`,
		`--exec c`:                          `c`,
		`--gnu c`:                           `c`,
		`--will-cite c`:                     `c`,
		`--nn c`:                            `c`,
		`--no-notice c`:                     `c`,
		`--silent c`:                        `c`,
		`--filter-hosts c`:                  `c`,
		`--filter-host c`:                   `c`,
		`-M c`:                              `c`,
		`--controlmaster c`:                 `c`,
		`--escape c`:                        `c`,
		`--xapply c`:                        `--link=wrap c`,
		`--resume-failed c`:                 `--resume c`,
		`--tempdir 3 c`:                     `--tmpdir=3 c`,
		`--ssh 3 c`:                         `--ssh-command=3 c`,
		`-V c`:                              `version`,
		`--version`:                         `version`,
		`-P4 c`:                             `--workers=4 c`,
		`-P -1 c`:                           `--workers=-1 c`,
		`--jobs=200% c`:                     `--workers=200% c`,
		`-0P2 c`:                            `-0 --workers=2 c`,
		`-kuP2 c`:                           `-k --output=raw --workers=2 c`,
		`-n2 -P 4 c -P 8`:                   `-n2 --workers=4 c -P 8`,
		`-e=soon -P4 c`:                     `-e=soon --workers=4 c`,
		`--env A=b -j 2 -u c`:               `--env A=b -j 2 --output=raw c`,
		`--lb --line-buffer --linebuffer c`: `--output=line c`,
		`-I{} c {}`:                         `c {}`,
		`-I {} c a{}b`:                      `c a{}b`,
		`-I{} c {} ::: x`:                   `c {} ::: x`,
		`-I{} c {/.} {2} x{:q}`:             `c {/.} {2} x{:q}`,
		`-I{} c {2//}`:                      `c {2//}`,
		`--replace c {}`:                    `c {}`,
		`--replace={} c {.}`:                `c {.}`,
		`--out-file f c`:                    `--out=f c`,
		`--header : -P2 c`:                  `--header --workers=2 c`,
		`-k --header : --header : c :`:      `-k --header --header c :`,
		`--header c :`:                      `--header c :`,
		`bench --header : -P2 c`:            `bench --header --workers=2 c`,
		`bench -kV`:                         `version`,
		`--halt now,fail=1 c`:               `--stop-on-error=now c`,
		`--halt=2 c`:                        `--stop-on-error=now c`,
		`--halt soon,fail=1 c`:              `--stop-on-error=soon c`,
		`--halt 1 c`:                        `--stop-on-error=soon c`,
		`--halt never c`:                    `c`,
		`--halt-on-error 0 c`:               `c`,
		`--halt now,fail=5 c`:               `--max-failures=5 c`,
		`--halt soon,fail=5 c`:              `--stop-on-error=soon --max-failures=5 c`,

		`-- -P4`:              `-- -P4`,
		`-`:                   `-`,
		`c --joblog x`:        `c --joblog x`,
		`ps --joblog x`:       `ps --joblog x`,
		`--input --joblog c`:  `--input --joblog c`,
		`-a -S c`:             `-a -S c`,
		`-j x --joblog y`:     `-j x --joblog y`,
		`-r -S c`:             `-r -S c`,
		`-Z -S c`:             `-Z -S c`,
		`--nosuch --joblog c`: `--nosuch --joblog c`,
		`--keeporder c`:       `--keeporder c`,
	}
}

// refusedFlags lists command lines with flags of other tools that are refused, and a part of the error.
func refusedFlags() map[string]string {
	return map[string]string{
		`-I x`:                               `write {} where the item goes, as it has no other name`,
		`-i x`:                               `leave out xargs' -i, as {} is always the item`,
		`--halt x`:                           `write -e, -e=soon or --max-failures N`,
		`--halt-on-error x`:                  `write -e, -e=soon or --max-failures N`,
		`--joblog x`:                         `write --journal FILE`,
		`--jl x`:                             `write --journal FILE`,
		`-L x`:                               `write -n N`,
		`-l x`:                               `write -n N`,
		`--max-lines x`:                      `write -n N`,
		`-s x`:                               `there is no limit in bytes`,
		`--max-chars x`:                      `there is no limit in bytes`,
		`-E x`:                               `end the input yourself: sed '/^END$/,$d' FILE | fanout …`,
		`--eof x`:                            `end the input yourself: sed '/^END$/,$d' FILE | fanout …`,
		`--open-tty x`:                       `jobs have no terminal here`,
		`--tty x`:                            `jobs have no terminal here`,
		`--interactive x`:                    `fanout asks nothing`,
		`--process-slot-var x`:               `write {%}, or $FANOUT_SLOT in a script`,
		`--show-limits x`:                    `there is no limit in bytes`,
		`--max-line-length-allowed x`:        `there is no limit in bytes`,
		`-R x`:                               `{} is replaced wherever it stands`,
		`-J x`:                               `write {} for the items of xargs' -J, --profile NAME for parallel's`,
		`-S x`:                               `write --backend ssh --hosts n1:8,n2:8`,
		`--sshlogin x`:                       `write --backend ssh --hosts n1:8,n2:8`,
		`--slf x`:                            `write --backend ssh --hosts-file FILE`,
		`--sshloginfile x`:                   `write --backend ssh --hosts-file FILE`,
		`--ssh-delay x`:                      `one connection to a host is enough here`,
		`--onall x`:                          `write the hosts as items: fanout --tag ssh {} COMMAND ::: n1 n2`,
		`--nonall x`:                         `write the hosts as items: fanout --tag ssh {} COMMAND ::: n1 n2`,
		`--hgrp x`:                           `hosts have no groups here`,
		`--hostgrp x`:                        `hosts have no groups here`,
		`--hostgroup x`:                      `hosts have no groups here`,
		`--hostgroups x`:                     `hosts have no groups here`,
		`--bf x`:                             `fanout copies no files to hosts or back`,
		`--basefile x`:                       `fanout copies no files to hosts or back`,
		`--tf x`:                             `fanout copies no files to hosts or back`,
		`--transfer x`:                       `fanout copies no files to hosts or back`,
		`--transferfile x`:                   `fanout copies no files to hosts or back`,
		`--transfer-files x`:                 `fanout copies no files to hosts or back`,
		`--return x`:                         `fanout copies no files to hosts or back`,
		`--trc x`:                            `fanout copies no files to hosts or back`,
		`--cleanup x`:                        `fanout copies no files to hosts or back`,
		`--rsync-opts x`:                     `fanout copies no files to hosts or back`,
		`--wd x`:                             `write -C DIR, or --remote-dir DIR for jobs on hosts`,
		`--work-dir x`:                       `write -C DIR, or --remote-dir DIR for jobs on hosts`,
		`--pipe-part x`:                      `write -a FILE --pipe -n LINES, or -n max for about 1 MiB`,
		`--spreadstdin x`:                    `write --pipe -n max`,
		`--block x`:                          `with --pipe, write -n LINES, or -n max for about 1 MiB`,
		`--block-size x`:                     `with --pipe, write -n LINES, or -n max for about 1 MiB`,
		`--block-timeout x`:                  `with --pipe, write -n LINES, or -n max for about 1 MiB`,
		`--bt x`:                             `with --pipe, write -n LINES, or -n max for about 1 MiB`,
		`--recend x`:                         `with --pipe, write -d S for what ends an item`,
		`--recstart x`:                       `with --pipe, write -d S for what ends an item`,
		`--regexp x`:                         `with --pipe, write -d S for what ends an item`,
		`--regex x`:                          `with --pipe, write -d S for what ends an item`,
		`--rrs x`:                            `with --pipe, write -d S for what ends an item`,
		`--remove-rec-sep x`:                 `with --pipe, write -d S for what ends an item`,
		`--round-robin x`:                    `write --persistent for a program that answers line by line, or --pipe -n LINES`,
		`--round x`:                          `write --persistent for a program that answers line by line, or --pipe -n LINES`,
		`--cat x`:                            `with --pipe, write the items to a file yourself: 'cat > f{#}`,
		`--fifo x`:                           `with --pipe, write the items to a file yourself: 'cat > f{#}`,
		`--tee x`:                            `give each COMMAND the whole file: fanout 'COMMAND {} < FILE' ::: …`,
		`--bin x`:                            `fanout does not share rows out by a column`,
		`--shard x`:                          `fanout does not share rows out by a column`,
		`--group-by x`:                       `fanout does not share rows out by a column`,
		`--skip-first-line x`:                `write tail -n +2 FILE | fanout …, or --csv, which reads a header`,
		`--shuf x`:                           `write shuf FILE | fanout …`,
		`-T x`:                               `edit the input first, or the item in a quoted script: f={}`,
		`--trim x`:                           `edit the input first, or the item in a quoted script: f={}`,
		`--arg-sep x`:                        `::: and :::: have one spelling`,
		`--arg-file-sep x`:                   `::: and :::: have one spelling`,
		`--link-input-source x`:              `write --link, which pairs all sources`,
		`--xapply-input-source x`:            `write --link, which pairs all sources`,
		`-U x`:                               `placeholders have one spelling: fanout help templates lists them`,
		`--er x`:                             `placeholders have one spelling: fanout help templates lists them`,
		`--extensionreplace x`:               `placeholders have one spelling: fanout help templates lists them`,
		`--bnr x`:                            `placeholders have one spelling: fanout help templates lists them`,
		`--basenamereplace x`:                `placeholders have one spelling: fanout help templates lists them`,
		`--dnr x`:                            `placeholders have one spelling: fanout help templates lists them`,
		`--dirnamereplace x`:                 `placeholders have one spelling: fanout help templates lists them`,
		`--bner x`:                           `placeholders have one spelling: fanout help templates lists them`,
		`--basenameextensionreplace x`:       `placeholders have one spelling: fanout help templates lists them`,
		`--seqreplace x`:                     `placeholders have one spelling: fanout help templates lists them`,
		`--slotreplace x`:                    `placeholders have one spelling: fanout help templates lists them`,
		`--plus x`:                           `write bash in a quoted script: f={}`,
		`--rpl x`:                            `write bash in a quoted script: f={}`,
		`--parens x`:                         `write bash in a quoted script: f={}`,
		`--quote x`:                          `words of COMMAND stay words here`,
		`--uq x`:                             `an item is never code`,
		`--unquote x`:                        `an item is never code`,
		`--shell-quote x`:                    `write {:q}: fanout echo {:q}`,
		`--tag-string x`:                     `write --tag, or let a script begin its lines: 'COMMAND | sed "s/^/job {#}: /"'`,
		`--ctag-string x`:                    `write --tag, or let a script begin its lines: 'COMMAND | sed "s/^/job {#}: /"'`,
		`--ctag x`:                           `fanout colors no output`,
		`--color x`:                          `fanout colors no output`,
		`--colour x`:                         `fanout colors no output`,
		`--color-failed x`:                   `fanout colors no output`,
		`--color-fail x`:                     `fanout colors no output`,
		`--colour-failed x`:                  `fanout colors no output`,
		`--colour-fail x`:                    `fanout colors no output`,
		`--cf x`:                             `fanout colors no output`,
		`--latest-line x`:                    `write --output line`,
		`--ll x`:                             `write --output line`,
		`--files x`:                          `write --results DIR --output none`,
		`--output-as-files x`:                `write --results DIR --output none`,
		`--result x`:                         `write --results DIR, in which jobs have numbers`,
		`--res x`:                            `write --results DIR, in which jobs have numbers`,
		`--compress x`:                       `what fanout keeps in --tmpdir is not compressed`,
		`--compress-program x`:               `what fanout keeps in --tmpdir is not compressed`,
		`--use-compress-program x`:           `what fanout keeps in --tmpdir is not compressed`,
		`--decompress-program x`:             `what fanout keeps in --tmpdir is not compressed`,
		`--use-decompress-program x`:         `what fanout keeps in --tmpdir is not compressed`,
		`--load x`:                           `fanout does not watch the load or free memory`,
		`--memfree x`:                        `fanout does not watch the load or free memory`,
		`--memsuspend x`:                     `fanout does not watch the load or free memory`,
		`--noswap x`:                         `fanout does not watch the load or free memory`,
		`--limit x`:                          `fanout does not watch the load or free memory`,
		`--filter x`:                         `write the condition into a quoted script: 'if [ {1} != {2} ]`,
		`--term-seq x`:                       `jobs get TERM first`,
		`--ctrl-c x`:                         `Ctrl-C stops the run and all its jobs`,
		`--no-ctrl-c x`:                      `Ctrl-C stops the run and all its jobs`,
		`--total x`:                          `fanout counts the items itself`,
		`--total-jobs x`:                     `fanout counts the items itself`,
		`--semaphore x`:                      `fanout is no semaphore`,
		`--id x`:                             `fanout is no semaphore`,
		`--semaphore-name x`:                 `fanout is no semaphore`,
		`--st x`:                             `fanout is no semaphore`,
		`--semaphore-timeout x`:              `fanout is no semaphore`,
		`--fg x`:                             `fanout is no semaphore`,
		`--bg x`:                             `fanout is no semaphore`,
		`--wait x`:                           `fanout is no semaphore`,
		`--sql x`:                            `write --json, and load its objects into the database`,
		`--sql-master x`:                     `write --json, and load its objects into the database`,
		`--sql-worker x`:                     `write --json, and load its objects into the database`,
		`--sql-and-worker x`:                 `write --json, and load its objects into the database`,
		`--tmux x`:                           `jobs have no windows here`,
		`--tmux-pane x`:                      `jobs have no windows here`,
		`--template x`:                       `write the file in a quoted script: 'echo x={1} > x-{1}'`,
		`--tmpl x`:                           `write the file in a quoted script: 'echo x={1} > x-{1}'`,
		`--session x`:                        `name variables by --env`,
		`--record-env x`:                     `name variables by --env`,
		`--parset x`:                         `write mapfile -t NAME < <(fanout -k …)`,
		`--shebang x`:                        `fanout is not an interpreter`,
		`--hashbang x`:                       `fanout is not an interpreter`,
		`--shebang-wrap x`:                   `fanout is not an interpreter`,
		`--embed x`:                          `fanout is not an interpreter`,
		`--shell-completion x`:               `write fanout completion bash, zsh or fish`,
		`--combineexec x`:                    `write a script that calls fanout`,
		`--bibtex x`:                         `fanout asks for no citation`,
		`--citation x`:                       `fanout asks for no citation`,
		`--tollef x`:                         `write ::: before the items`,
		`--min-version x`:                    `write fanout version`,
		`--number-of-cores x`:                `write nproc`,
		`--number-of-cpus x`:                 `write nproc`,
		`--number-of-sockets x`:              `write nproc`,
		`--number-of-threads x`:              `write nproc`,
		`--use-cpus-instead-of-cores x`:      `the number of jobs counts from the CPUs that fanout may use: -j 150%, -j +2, -j -1`,
		`--use-cores-instead-of-threads x`:   `the number of jobs counts from the CPUs that fanout may use: -j 150%, -j +2, -j -1`,
		`--use-sockets-instead-of-threads x`: `the number of jobs counts from the CPUs that fanout may use: -j 150%, -j +2, -j -1`,
		`-D x`:                               `-D is a flag of parallel and rush, not of fanout; write --log-level debug`,
		`--debug x`:                          `write --log-level debug`,
		`--record-delimiter x`:               `write -d S`,
		`--nrecords x`:                       `write -n N`,
		`--infile x`:                         `write -a FILE`,
		`--immediate-output x`:               `write --output line or --output raw`,
		`--retry-interval x`:                 `write --retry-delay D, which doubles after each retry`,
		`-c x`:                               `write --journal FILE --resume`,
		`--continue x`:                       `write --journal FILE --resume`,
		`--succ-cmd-file x`:                  `write --journal FILE --resume`,
		`--assign x`:                         `write --env NAME=VALUE, and "$NAME" in a quoted script`,
		`--records-join-sep x`:               `the items of a batch are arguments`,
		`-Q x`:                               `items need no escapes here`,
		`--escape-symbols x`:                 `items need no escapes here`,
		`--print-retry-output x`:             `--output line prints that of all`,
		`--propagate-exit-status x`:          `exit codes say what kind of failure there was`,
		`--cleanup-time x`:                   `write --grace D`,
		`--no-stop-exes x`:                   `a stop ends all processes of a job`,
		`--no-kill-exes x`:                   `a stop ends all processes of a job`,
		`--exec-batch x`:                     `write -n max`,
		`--print0 x`:                         `write it for fd: fd --print0 | fanout -0 …`,
		`--plain c`:                          `write --config ''`,
		`--halt now,success=1 c`:             `--halt is a flag of parallel, not of fanout; write -e, -e=soon or --max-failures N; only failures stop a run`,
		`--halt soon,fail=30% c`:             `--halt soon,fail=30% is a flag of parallel, not of fanout; write --max-failures N%`,
		`--halt now,fail=0 c`:                `--halt "0": `,
		`--out-file - c`:                     `leave it out`,
		`-I c`:                               `write {} where the item goes`,
		`-I{} c`:                             `-I: COMMAND has no {}`,
		`-I{} c ::: {}`:                      `-I: COMMAND has no {}`,
		`-I{} awk {print}`:                   `-I: COMMAND has no {}`,
		`--replace c`:                        `--replace: COMMAND has no {}`,
		`--replace=% c %`:                    `write {} where the item goes`,
		`-eEOF c`:                            `-E is a flag of xargs and parallel, not of fanout; end the input`,
		`-0kL1 c`:                            `-L is a flag of xargs and parallel, not of fanout; write -n N`,
		`-P4 --joblog=x c`:                   `--joblog is a flag of parallel, not of fanout; write --journal FILE`,
		`bench -P4 -S h c`:                   `-S is a flag of parallel, not of fanout`,
		`-P`:                                 `-P needs a value`,
		`--jobs`:                             `--jobs needs a value`,
		`-P 0 c`:                             `-P "0": give a whole number, 1 or more`,
		`--jobs ls -l`:                       `--jobs "ls": give a whole number, 1 or more`,
		`-N0 c`:                              `-N "0": give a whole number`,
		`--field-delimiter ( c`:              `--field-delimiter "(": it is not a regular expression`,
		`--bar=4 c`:                          `--bar: it takes no value`,
	}
}

// translated translates a command line whose words have no blanks.
func translated(typed string) (string, error) {
	root := (&app{}).root()
	root.InitDefaultHelpFlag()
	words, err := translate(root, strings.Fields(typed))
	return strings.Join(words, " "), err
}

// TestForeign: each flag of the table is taken or refused as it should be.
func TestForeign(t *testing.T) {
	tried := map[string]bool{}
	for typed, want := range takenFlags() {
		tried[strings.Fields(typed)[0]] = true
		if got, err := translated(typed); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", typed, got, err, want)
		}
	}
	for typed, want := range refusedFlags() {
		tried[strings.Fields(typed)[0]] = true
		_, err := translated(typed)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", typed, err, want)
			continue
		}
		if text := err.Error(); strings.Contains(text, "\n") || strings.HasSuffix(text, ".") || len(text) > 200 {
			t.Errorf("%s: %s", typed, text)
		}
	}
	set := newFlags().all()
	for _, row := range foreigners {
		for flag := range strings.FieldsSeq(row.flags) {
			if !tried[flag] {
				t.Errorf("%s: it is not tried", flag)
			}
			if flagNamed(set, flag) != nil {
				t.Errorf("%s: fanout has this flag: remove it from foreigners", flag)
			}
		}
	}
}

// TestForeignValues: fanout takes the words that stand for flags of other tools.
func TestForeignValues(t *testing.T) {
	for typed, words := range takenFlags() {
		args := strings.Fields(words)
		if args[0][0] != '-' || strings.HasPrefix(typed, "-Z") || strings.HasPrefix(typed, "--nosuch") || strings.HasPrefix(typed, "--keeporder") || slices.Contains(args, "x") || strings.HasPrefix(typed, "-r") {
			continue
		}
		f := newFlags().all()
		f.SetInterspersed(false)
		if err := f.Parse(args); err != nil {
			t.Errorf("%s: %v", typed, err)
		}
	}
}

// TestLookalikes: a value that fits another tool's flag of the same spelling is answered.
func TestLookalikes(t *testing.T) {
	for _, tt := range []struct{ flag, value, want string }{
		{"retries", "echo", "is the default here"}, {"retries", "-n1", "is the default here"}, {"retries", "3x", ""},
		{"timeout", "echo", "-t of xargs"}, {"timeout", "-n1", "-t of xargs"}, {"timeout", "10sec", ""}, {"timeout", "300%", "share of the median"},
		{"progress", "rm", "write -p bars"}, {"mode", "echo", "write -n even"}, {"delay", "2auto", "--rate"}, {"delay", "x", ""},
		{"workers", "/tmp/jobs", "-j FILE"}, {"workers", "echo", ""}, {"workers", "1.5", ""}, {"chdir", ",", "write --colsep"}, {"chdir", `\t`, "write --colsep"}, {"chdir", "dir", ""}, {"batch", "echo", ""},
	} {
		got := likened(newFlags().all().Lookup(tt.flag), tt.value)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("--%s %s: %q, want %q", tt.flag, tt.value, got, tt.want)
		}
	}
	set := newFlags().all()
	for _, row := range lookalikes {
		if flagNamed(set, row.flag) == nil {
			t.Errorf("%s: fanout has no such flag", row.flag)
		}
	}
}

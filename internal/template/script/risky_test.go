package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"fanout/internal/job"
)

// risky are scripts near the places where bash evaluates text. fanout may refuse them, or refuse an item;
// but no item may run code in them.
var risky = []string{
	`echo $(({}))`, `echo $((x + {}))`, `echo $(( {} ? {} : {} ))`, `((x = {}))`, `(( {} )) && echo y`, `let x={}`, `let "x = {}"`, `let {}`,
	`echo $[{}]`, `echo $(("{}"))`, `echo $(('{}'))`, `echo $((10#{}))`, `echo $((x{}))`, `echo $((a[{}]))`,
	`for ((i={}; i<{}; i++)); do break; done`, `v=abc; echo ${v:{}}`, `v=abc; echo "${v:0:{}}"`, `v=abc; echo "${v: {}}"`,
	`echo ${a[{}]}`, `echo ${!{}}`, `x={}; echo ${!x}`, `x={}; echo ${x@P}`, `a[{}]=1`, `a=([{}]=1)`, `declare -A a; a[{}]=1`,
	`[[ {} -eq 1 ]]`, `[[ 1 -lt {} ]]`, `[[ '{}' -eq 1 ]]`, `[[ "{}" -eq 1 ]]`, `[[ x{} -eq 1 ]]`, `[[ -v {} ]]`, `[[ -R {} ]]`, `[[ -o {} ]]`, `[[ -t {} ]]`,
	`[ {} -eq 1 ]`, `[ -v {} ]`, `test -v {}`, `[ {} ]`, `[ -n {} ]`, `[ ! {} ]`, `[ {} -a {} ]`, `[ {} -ef {} ]`, `test {} {}`, `[ -z {} -o -v {} ]`,
	`declare -i x={}`, `declare -i x; x={}`, `typeset -i x; x+={}`, `f() { local -i x; x={}; }; f`, `declare -ir x={}`, `declare -a x={}`, `declare -A x={}`,
	`declare -n x={}; echo $x`, `x=(); declare x={}`, `x=(1); x={}; echo $x`, `declare x; declare -a x; declare x={}`, `declare {}`, `declare {}=1`, `declare "x={}"`,
	`export {}`, `export x={}`, `export "x={}"`, `readonly {}`, `readonly -a x={}`, `local {}`, `declare $o x={}`, `eval 'x=()'; declare x={}`, `read -a x <<<1; declare x={}`, `x[0]=1; declare x={}`, `declare -n r=x; x=(); declare r={}`, `f() { x=(); local x={}; }; f`, `declare -g x={}`, `declare -x x={}; echo $x`,
	`a=(1 2); readonly a={}`, `a=(1 2); export a={}`, `readonly -A x=({})`, `declare -A x=({} 1)`, `declare -A x=(a {})`, `declare -ai x=({})`,
	`read {}`, `read x <<<{}; echo $((x))`, `printf -v {} x`, `printf -v x %s {}; echo $((x))`, `printf {}`, `printf "{}"`, `printf x{}`, `printf -- {}`, `printf '%d' {}`,
	`mapfile {}`, `mapfile -C {} x`, `readarray -t x <<<{}; echo $((x))`, `getopts {} x`, `unset {}`, `wait {}`, `wait -p {}`, `alias {}`, `alias x={}`, `trap {} EXIT`, `trap 'echo {}' EXIT`, `trap "echo {}" 0`,
	`eval {}`, `eval "echo {}"`, `eval "echo '{:q}'"`, `eval echo {:q}`, `eval 'echo $(({:q}))'`, `eval 'x={:q}; echo $((x))'`, `source {}`, `. {}`,
	`sh -c {}`, `sh -c "{}"`, `sh -c 'echo {}'`, `sh -c 'echo "{:q}"'`, `sh -c "echo '{:q}'"`, `sh -c "echo \"{:q}\""`, `sh -c 'sh -c {:q}'`, `sh -c 'eval {:q}'`, `sh -c 'echo $(({:q}))'`,
	`sh -c {:q}`, `sh -c 'echo {:q}; # {:q}'`, `sh -c 'cat <<E
{:q}
E'`, `bash -c 'cat <<< {:q}'`, `bash -c "$(printf 'echo %s' {})"`, `bash -c "$(echo {})"`, `bash <<< {}`, `bash <<< "echo {}"`, "bash <<E\necho {}\nE", "sh -s <<'E'\necho {}\nE", `echo {} | bash`, `echo "{}" | sh -s`, `printf '%s\n' {} | env bash`,
	`env bash -c {}`, `env -S {}`, `env -i bash -c 'echo {}'`, `nohup sh -c 'echo {}'`, `command eval {}`, `builtin eval {}`, `exec bash -c {}`, `timeout 1 bash -lc {}`, `xargs sh -c {} </dev/null`, `xargs -I% sh -c 'echo {}' <<< x`,
	`find . -maxdepth 0 -exec sh -c 'echo {}' \;`, `find . -maxdepth 0 -exec echo {} \;`, `$SHELL -c {}`, `"$BASH" -c "echo {}"`, `b=bash; $b -c 'echo {}'`, `b=bash; $b -e -c 'echo {}'`, `$BASH -c -e {}`,
	`bash -c -e 'echo {}'`, `bash -o pipefail -c 'echo {}'`, `bash +x -c 'echo {}'`, `bash -c "echo hi" {}`, `bash {}`, `bash {} {}`, `nice bash -c "$x{}"`,
	`f() { eval "$1"; }; f {}`, `f() { echo $(($1)); }; f {}`, `f() { local n=$1; echo $((n)); }; f {}`, `set -- {}; echo $(($1))`, `echo {} $(($1))`, `f() { [[ $1 -eq 1 ]]; }; f {}`, `f() { v=abc; echo ${v:$1}; }; f {}`,
	`x={}; echo $((x))`, `x={}; y=$x; echo $((y))`, `x={}; let y=x`, `x={}; [[ x -eq 1 ]]`, `x={}; [[ $x -eq 1 ]]`, `x={}; v=abc; echo ${v:x}`, `x={}; a[x]=1`, `x={}; echo ${a[x]}`, `x={}; echo ${a[$x]}`, `for x in {}; do echo $((x)); done`, `for x in {}; do a[$x]=1; done`,
	`: ${x:={}}; echo $((x))`, `x=$(echo {}); echo $((x))`, `echo $(( $(echo {}) ))`, `echo $(( $(basename {}) ))`, `n=$(basename {}); echo $((n))`, `x={} y=$((x))`, `x={}; ((x++))`, `x="{}"; ((x))`, `x=({}); echo $((x))`, `x=({}); echo $((x[0]))`,
	`x={}; y=$(echo "$x"); echo $((y))`, `x={}; eval "$x"`, `x={}; eval "$(printf %s "$x")"`, `x={}; bash -c "$x"`, `x={}; sh -c "echo $x"`, `x={}; y=$x; eval "echo $y"`, `x={}; trap "$x" EXIT`,
	`x={}; read "$x" <<<1`, `x={}; [ -v "$x" ]`, `x={}; printf -v "$x" 1`, `x={}; unset "$x"`, `x={}; declare "$x"`, `x={}; declare "$x=1"`, `x={}; export "$x"`, `x={}; let "$x"`, `x={}; f() { local "$x=1"; }; f`, `x={}; ssh -V host "$x"`, `x={}; declare -n y=$x; echo $y`, `f() { eval "$@"; }; f {}`, `f() { bash -c "$*"; }; f {}`, `set -- {}; eval "$1"`, `set -- {}; bash -c "$1"`,
	`SECONDS={}`, `RANDOM={}`, `OPTIND={}`, `LINENO={}`, `HISTCMD={}`, `IFS={}; echo $x`, `PS4={}; set -x; :`, `PS4="{}" bash -xc :`, `BASH_ENV={} bash -c :`, `ENV={} sh -c :`, `PROMPT_COMMAND={}`, `BASH_XTRACEFD={}; echo x`,
	`echo @({})`, `echo ?({}|b)`, `echo {1..{}}`, `echo {a,{}}`, `echo ~{}`, `echo {}*`, `echo [{}]`, `{}() { :; }; f`, `function {} { :; }`, `coproc {} { :; }`, `exec {}>x`, `echo 3>&{}`, `echo >&{}`, `cat <&{}`, `{}=1`, `{} x`, `{}`, `x {}`, `"{}"`, `x=1 {}`,
	`time {}`, `! {}`, `{} | {}`, `{} && {}`, `cat <<{}
x
{}`, `cat <<'{}'
x
{}`, `set {}`, `set -- {}`, `set -o {}`, `shopt -s {}`, `hash {}`, `hash -p {} x`, `type {}`, `kill {}`, `cd {}`, `ulimit {}`, `umask {}`, `exit {}`, `return {}`, `break {}`, `shift {}`, `enable {}`, `bind {}`, `complete -C {} x`, `compgen -W {}`, `history {}`, `fc {}`, `dirs {}`, `pushd {}`, `caller {}`, `help {}`, `jobs {}`, `jobs -x {}`, `disown {}`, `fg {}`, `suspend {}`, `times {}`, `command -v {}`, `command {}`, `builtin {}`, `exec {}`, `let "{}"`,
	`select x in {}; do break; done </dev/null`, `case x in {}) ;; esac`, `v=x; echo ${v/{}/y}`, `v=x; echo ${v//{}}`, `v=x; echo ${v#{}}`, `v=x; echo "${v%%{}}"`, `v=x; echo ${v^{}}`, `v=x; echo ${v,,{}}`, `v=x; echo "${v/x/{}}"`, `echo "${v:-'{}'}"`, `echo "${v:-"{}"}"`, `echo ${v:-"{}"}`, `echo ${v:-'{}'}`, `echo ${v:?{}}`, `echo "${v:?"{}"}"`,
	`awk 'BEGIN { print "x" }' {}`, `awk -v x={} 'BEGIN { print x }'`, `git -c alias.x={} x`, `tar --to-command={} -xf /dev/null`, `tar --checkpoint=1 --checkpoint-action=exec={} -cf /dev/null .`, `tar -I {} -cf x.tar /dev/null`, `script -qc {} /dev/null`, `flock lock -c {}`, `env x={} sh -c 'echo "$x"'`, `find . -maxdepth 0 -exec bash -c "echo {:q}" \;`, `x={}; sh -c "echo \"\$x\""`,
	"echo `echo \\`echo {}\\``", "echo `echo '{}'`", "echo `echo \"{}\"`", "echo \"`echo {}`\"", "echo \"`echo \\\"{}\\\"`\"", "echo `echo \\\\{}`", "cat <<E\n`echo {}`\n$(echo '{}')\n\"{}\" '{}' \\{}\nE", "cat <<E\n$(({}))\nE", "cat <<E\n\\\\{}\nE", "cat <<'E'\n\\{} $x{} `{}`\nE",
	`echo \\{}`, `echo $${}`, `echo \"{}`, `echo "\"{}"`, `echo '\'{}`, `echo "$(echo "{}")"`, `echo "$(echo '{}' "$(echo {})")"`, `echo $'\'{}'`, `echo $'\\{}'`, `echo $"{}"`, `echo "a\{}"`, `echo a\
{}`, `echo "a
{}"`, "echo {}\r\n", "echo '{}'\r\necho {}",
}

func TestRisky(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to confirm with")
	}
	feed := make(chan confirmCase)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := t.TempDir()
		wg.Go(func() {
			for c := range feed {
				riskyOne(t, bash, dir, c)
			}
		})
	}
	accepted := 0
	for _, s := range risky {
		tt, err := compile(s)
		if err != nil {
			t.Logf("refused %q: %v", s, err)
			continue
		}
		accepted++
		for _, item := range canaries {
			feed <- confirmCase{t: tt, text: s, item: item}
		}
	}
	close(feed)
	wg.Wait()
	t.Logf("accepted %d of %d", accepted, len(risky))
}

// canaries are items that run code where bash evaluates them in some way.
var canaries = []string{
	"$(touch CANARY)", "`touch CANARY`", "; touch CANARY;", "a[$(touch CANARY)]", "a[$(touch CANARY)]=1", "x=a[$(touch CANARY)]",
	"-va[$(touch CANARY)]", "'; touch CANARY; '", `"; touch CANARY; "`, `'"; touch CANARY; "'`, "\ntouch CANARY\n", "($(touch CANARY))", "([$(touch CANARY)]=1)",
	"E\ntouch CANARY\nE\n", "<(touch CANARY)", "${x:=$(touch CANARY)}", `\$(touch CANARY)`, `\"; touch CANARY #`, `\'; touch CANARY #`, "5", "-5", "1 + a[$(touch CANARY)]",
}

func riskyOne(t *testing.T, bash, dir string, c confirmCase) {
	j := job.Job{Index: 1, Slot: 1, Items: []job.Item{{Fields: []string{c.item}}}}
	script, params, err := c.t.shell(j)
	if err != nil {
		return
	}
	cmd := exec.Command(bash, append([]string{"-c", script, "bash"}, params...)...)
	cmd.Dir = dir
	_ = cmd.Run()
	if _, err := os.Stat(filepath.Join(dir, "CANARY")); err == nil {
		t.Errorf("%q item %q: code was run; script %q", c.text, c.item, script)
		_ = os.Remove(filepath.Join(dir, "CANARY"))
	}
}

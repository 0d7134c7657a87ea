package script

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

func TestSplices(t *testing.T) {
	for _, c := range []struct {
		script, want string
		native       bool
	}{
		{`echo {}`, `echo "${1}"`, true},
		{`echo`, `echo`, true},
		{`gzip -c {}x`, `gzip -c "${1}"x`, true},
		{`cat {} | wc -c > {.}.n 2>&1 && true || false`, `cat "${1}" | wc -c > "${2}".n 2>&1 && true || false`, true},
		{`./x "{}" '{}'`, `./x "${1}" ''"${1}"''`, true},
		{`./x $'{}'`, `./x $''"${1}"$''`, false},
		{`echo $x{}`, `echo $x"${1}"`, false},
		{`x={}; echo "$x"`, `x="${1}"; echo "$x"`, false},
		{"cat <<E\n{}\nE", "cat <<E\n${1}\nE", false},
		{"cat <<'E'\n$x {} `y` \\z\nE", "cat <<E\n\\$x ${1} \\`y\\` \\\\z\nE", false},
		{`echo $((1-{}))`, `echo $((1- ${1}))`, false},
		{`[[ {} -eq 3 && {} == a* ]]`, `[[ ${1} -eq 3 && "${1}" == a* ]]`, false},
		{`echo ${x:-{}} "${x:-{}}" "${x#{}}" ${x/a/{}} ${x:{}}`, `echo ${x:-"${1}"} "${x:-${1}}" "${x#"${1}"}" ${x/a/"${1}"} ${x:${1}}`, false},
		{`f() { echo {}; }; f`, `__fanout_1=${1}; f() { echo "${__fanout_1}"; }; f`, false},
		{`set -e; wc {}`, `set -e; wc "${1}"`, false},
		{`set -eo pipefail +B; wc {}`, `set -eo pipefail +B; wc "${1}"`, false},
		{`set -- -e; wc {}`, `__fanout_1=${1}; set -- -e; wc "${__fanout_1}"`, false},
		{`set -e a; wc {}`, `__fanout_1=${1}; set -e a; wc "${__fanout_1}"`, false},
		{`set -e $x; wc {}`, `__fanout_1=${1}; set -e $x; wc "${__fanout_1}"`, false},
		{`for i in {}; do echo $i; done`, `for i in "${1}"; do echo $i; done`, false},
		{"echo `cat {}`", "echo `cat \"${1}\"`", false},
		{`echo {{}} "{{.}}" '{{/}}' {}`, `echo '{}' "{.}" '{/}' "${1}"`, true},
		{`echo {{}} "{{..}}"`, `echo '{}' "{..}" "${1}"`, true},
		{`echo \{} ${} {}`, ``, false},
		{`echo \{} {}`, `echo \{} "${1}"`, true},
		{`echo {foo} {} # {}`, `echo {foo} "${1}" # {}`, true},
		{`echo {} {.} {/} {//} {/.} {#} {%} {1} {1/}`, `echo "${1}" "${2}" "${3}" "${4}" "${5}" "${6}" "${7}" "${1}" "${3}"`, true},
		{`echo {} ~`, `echo "${1}" ~`, false},
		{`echo {} *`, `echo "${1}" *`, false},
		{`echo {} \*`, `echo "${1}" \*`, true},
		{`echo {} {a,b}`, `echo "${1}" {a,b}`, false},
		{`cd {}`, `cd "${1}"`, false},
		{`A=1 ./x {}`, `A=1 ./x "${1}"`, true},
		{`PATH=x ./x {}`, `PATH=x ./x "${1}"`, false},
		{`A=1 echo {}`, `A=1 echo "${1}"`, false},
		{`./x {} &`, `./x "${1}" &`, false},
		{`{} x`, `"${1}" x`, false},
	} {
		tt, err := given{text: c.script, piped: c.script == "echo"}.compile()
		if c.want == "" {
			if err == nil {
				t.Errorf("%q was accepted", c.script)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.script, err)
			continue
		}
		got, _, err := tt.shell(job.Job{Index: 1, Items: items("5")})
		if err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.script, got, err, c.want)
		}
		if (tt.Plan != nil) != c.native {
			t.Errorf("%q: native is %v", c.script, tt.Plan != nil)
		}
	}
}

func TestAppend(t *testing.T) {
	for script, want := range map[string]string{
		"wc -l":            `wc -l "${1}"`,
		"wc -l\n":          "wc -l \"${1}\"\n",
		"cat x | wc -l":    `cat x | wc -l "${1}"`,
		"cd x && ./y":      "cd x && ./y \"${1}\"",
		"./y >out":         `./y >out "${1}"`,
		"wc -l # {} no":    "",
		"wc -l ;":          "",
		"wc -l &":          "",
		"wc -l |":          "",
		"cat <<E\nx\nE":    "",
		"x=1 ":             "",
		"(wc -l)":          "",
		"if a; then b; fi": "",
		"wc >":             "",
		"time ":            "",
		"wc \\":            "",
		"wc a\\ ":          "wc a\\  \"${1}\"",
		"wc \\\n":          "wc \\\n \"${1}\"",
		"wc -l \t\n\n":     "wc -l \"${1}\" \t\n\n",
		"wc -l\r\n":        "wc -l\r \"${1}\"\n",
		"eval ":            "",
		"sh -c ":           "",
		"echo ${x} > $y":   `echo ${x} > $y "${1}"`,
	} {
		tt, err := compile(script)
		if want == "" {
			if err == nil {
				t.Errorf("%q was accepted", script)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", script, err)
			continue
		}
		if got, _, _ := tt.shell(job.Job{Items: items("x")}); got != want {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ script, at, msg string }{
		{`sh -c 'echo {}'`, "1:13", `sh -c would run the item as code; pass it as an argument: sh -c '... "$1" ...' sh {}`},
		{"true\nbash -lc \"x {}\"", "2:13", "bash -c would run the item as code"},
		{`eval "x {}"`, "1:9", "eval would run the item as code"},
		{`trap 'rm {}' EXIT`, "1:10", "trap would take"},
		{`source {}`, "1:8", "bash -- {}"},
		{`alias x={}`, "1:9", "alias would take"},
		{`ssh host ls {}`, "1:13", "write {:q}"},
		{`su -c 'ls {}'`, "1:11", "su -c would run the item as code"},
		{`watch ls {}`, "1:10", "watch would run the item as code"},
		{`parallel ls {}`, "1:13", "parallel would run the item as code"},
		{`env A=1 sh -c 'x {}'`, "1:18", "sh -c would run the item as code"},
		{`find . -exec sh -c 'x {:q}' \;`, "1:23", "sh -c would run the item as code"},
		{`xargs sh -c 'x {}'`, "1:16", "sh -c would run the item as code"},
		{`sh -c "x '{:q}'"`, "1:11", "sh -c would run the item as code"},
		{`{}=1 x`, "1:1", "cannot name a variable"},
		{`{}() { :; }`, "1:1", "cannot name a function"},
		{`x >&{}`, "1:5", "file descriptor"},
		{`declare $o a; a[{}]=1`, "1:17", "cannot be a subscript"},
		{`echo @({})`, "1:8", "extended glob"},
		{`export {}`, "1:8", "cannot name a variable"},
		{`read {}`, "1:6", "read would take"},
		{`unset {}`, "1:7", "unset would take"},
		{`printf -v {} x`, "1:11", "cannot name a variable"},
		{`[[ -v {} ]]`, "1:7", "cannot name a variable"},
		{`declare -i x={}`, "1:14", "evaluate the item as code"},
		{`PS4={} x`, "1:5", "PS4 is run as code"},
		{`echo {} | sh`, "1:6", "from its stdin"},
		{`x={}; eval "$x"`, "1:3", "eval would run the item as code (by way of $x)"},
		{`echo $(( $(basename {}) ))`, "1:21", "output of basename"},
		{`echo {2}`, "1:6", "{2}: there is only one source"},
		{"echo {}\necho 'a", "2:6", "quote"},
		{"echo {} {.} )", "1:13", "`)`"},
		{"{} ); {.}", "1:4", "`)`"},
		{">&-eval {}", "1:4", "may not read this"},
		{"echo {}; coproc eval x={}", "1:17", "may not read this"},
		{"x=({})# ; eval $y", "1:7", "may not read this"},
		{"!(eval $y); {}", "1:1", "may not read this"},
		{"let x=1|eval {}", "1:8", "may not read this"},
		{"let x=1 &>eval {}", "1:9", "may not read this"},
		{"echo # {} \\\neval {}", "2:6", "eval would run the item as code"},
		{"if x; then # \\\neval {}\nfi", "2:6", "eval would run the item as code"},
		{"x `cat <<'E'\n$y {}\nE\n`", "2:4", "write $(...) instead of backquotes"},
	} {
		_, err := compile(c.script)
		var e *words.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v", c.script, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), "COMMAND:"+c.at+": ") || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%q: got %q, want %s … %s", c.script, err, c.at, c.msg)
		}
	}
}

func TestBatchScripts(t *testing.T) {
	two := job.Job{Index: 7, Slot: 1, Items: items("p", "q.x")}
	for _, c := range []struct {
		script, want string
		params       []string
	}{
		{`x {}`, `x "$@"`, []string{"p", "q.x"}},
		{`x {} {#}`, `__fanout_1=${1}; shift 1; x "$@" "${__fanout_1}"`, []string{"7", "p", "q.x"}},
		{`x d/{}`, `x d/"${1}" d/"${2}"`, []string{"p", "q.x"}},
		{`x {} {.}`, `x "${1}" "${2}" "${3}" "${4}"`, []string{"p", "q.x", "p", "q"}},
		{`v={}; x '{} y'`, `v="${1}"; x ''"${2}"' y' ''"${3}"' y'`, []string{"p q.x", "p", "q.x"}},
		{"cat <<E\n{}\nE", "cat <<E\n${1}\nE", []string{"p q.x"}},
		{`f() { x {}; }; f`, `__fanout_1=${1}; __fanout_2=${2}; f() { x "${__fanout_1}" "${__fanout_2}"; }; f`, []string{"p", "q.x"}},
		{`x $(y {})z {}`, `x $(y "$@")z "$@"`, []string{"p", "q.x"}},
		{`x $(y {})z-{}`, "", nil},
		{`x {1} >{2}`, `x "${1}" >"${2}"`, []string{"p", "q.x"}},
		{`x >{}`, "", nil}, {`echo $(({}))`, "", nil}, {`[ {} ]`, "", nil}, {`bash {}`, "", nil},
	} {
		tt, err := given{text: c.script, batch: 3}.compile()
		if c.want == "" {
			if err == nil {
				t.Errorf("%q was accepted", c.script)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.script, err)
			continue
		}
		got, params, err := tt.shell(two)
		if err != nil || got != c.want || !slices.Equal(params, c.params) {
			t.Errorf("%q: got %q %q %v", c.script, got, params, err)
		}
	}
}

// TestCommandInFront: command and builtin turn variables into integers only if the command behind them may
// do so.
func TestCommandInFront(t *testing.T) {
	for script, anything := range map[string]bool{
		`x={}; command rm -f -- "$x"`: true, `S={} command ls`: true, `x={}; command -v ls`: true, `x={}; command -p ls "$x"`: true,
		`x={}; builtin echo "$x"`: true, `f() { command ls "$@"; }; x={}; f "$x"`: true, `x={}; command -- ls "$x"`: true,
		`x={}; command declare -i y=$x`: false, `x={}; builtin let y=x`: false, `x={}; c=declare; command $c -i y=$x`: false,
		`x={}; command command declare -i y=$x`: false, `x={}; command -p declare -i y=$x`: false, `x={}; command -- declare -i y=$x`: false,
		`x={}; command test 1 -eq "$x"`: true, `x={}; command \declare -i y=$x`: false, `x={}; command 'declare' -i y=$x`: false,
	} {
		tt := mustCompile(t, given{text: script})
		if _, _, err := tt.shell(job.Job{Items: items("q q")}); (err == nil) != anything {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestIntegers(t *testing.T) {
	tt := mustCompile(t, given{text: `echo $(({} + 1))`})
	for item, ok := range map[string]bool{"5": true, "-5": true, "+5": true, "007": true, "": false, "-": false, "a": false, "1+1": false, "5\n": false, "--5": false} {
		_, _, err := tt.shell(job.Job{Items: items(item)})
		if (err == nil) != ok {
			t.Errorf("%q: %v", item, err)
		}
		if err != nil && !strings.Contains(err.Error(), "not an integer, and bash calculates with integers only") {
			t.Errorf("%q: %v", item, err)
		}
	}
}

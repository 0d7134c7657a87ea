package script

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// handedOn are scripts in which an item would become code one step later.
var handedOn = []string{
	`n=$(wc -l {}); echo $((n+1))`, `n=$(echo {} | cut -d_ -f2); echo $((n+1))`, `n=$(cut -d_ -f2 <<<{}); echo $((n+1))`,
	`n=$(basename {} .txt | sed 's/x_//'); ((n > 5)) && echo y`, `[[ $(echo {} | cut -c3-) -gt 5 ]]`,
	`for w in $(echo {} | tr , ' '); do echo $((w+1)); done`, `a=($(echo {} | tr , ' ')); echo $((a[1]+1))`,
	`b=$(basename {}); bash -c "echo $b"`, `t=$(mktemp {}.XXXXXX); trap "rm -f $t" EXIT`, `for f in $(find {}); do bash -c "echo $f"; done`,
	`find {} | while read -r f; do bash -c "echo $f"; done`, `while read -r f; do bash -c "echo $f"; done < <(find {})`,
	`read -r h p <<<{}; bash -c "echo $p"`, `echo {} | { read -r f; eval "echo $f"; }`, `mapfile -t a <<<{}; bash -c "echo ${a[0]}"`,
	`printf -v x 'echo %s' {}; eval "$x"`, `echo {} | xargs -I% sh -c 'echo %'`, `xargs -I% sh -c 'echo %' <<<{}`, `xargs -I{{}} sh -c 'echo {{}}' <<<{}`,
	`echo {} | xargs -n1 sh -c`, `ls {} | xargs -I% sh -c 'echo %'`, `find {} -exec sh -c 'echo {{}}' \;`, `find {} -exec sh -c 'echo \{}' \;`,
	`x={}; watch "ls $x"`, `x={}; tmux neww "echo $x"`, `x={}; sudo watch "ls $x"`, `x={}; parallel "echo $x" ::: a`,
	`run() { bash -c "$1"; }; x={}; y="echo $x"; run "$y"`, `run() { eval "$@"; }; x={}; run echo "$x"`, `f() { shift; eval "$1"; }; f x {}`,
	`f() { for a; do eval "echo $a"; done; }; f {}`, `x={}; for w in $x; do bash -c "echo $w"; done`, `a=({}); for w in "${a[@]}"; do bash -c "echo $w"; done`,
	`x={}; bash <<<"echo $x"`, "x={}; bash <<E\necho $x\nE", `x={}; echo "echo $x" | bash`, `echo "echo {}" | tee x | bash`, "bash <<E\necho '{:q}'\nE",
	`bash -c 'echo $(($1+1))' _ {}`, `bash -c 'eval "$1"' _ {}`, `cd {} && bash -c "ls $PWD"`, `cd {}; d=$(pwd); bash -c "ls $d"`, `eval "$1"; echo {}`,
	`sbatch --wrap="./x {}"`, `sbatch --wrap="sh -c {:q}"`, `gcloud compute ssh h --command "ls {}"`, `screen -S x -X stuff {}`,
}

func TestHandedOnIsRefused(t *testing.T) {
	for _, s := range handedOn {
		var e *words.Error
		if _, err := compile(s); !errors.As(err, &e) || e.Line == 0 {
			t.Errorf("%q: got %v", s, err)
		}
	}
	if _, err := (given{text: `f() { eval "$2"; }; f {}`, sources: 2}).compile(); err == nil {
		t.Error("the second of two sources became code")
	}
}

// ordinary are scripts that look similar but are safe: they take any item.
var ordinary = []string{
	`x={}; echo ${#x}; ((${#x} > 3))`, `x={}; n=${x//[!0-9]}; echo $((n+1))`, `n=$(echo {} | tr -dc 0-9); echo $((n+1))`, `n=$(grep -c x {}); echo $((n+1))`,
	`n=$(basename {} | grep -oE '[0-9]+' | head -1); echo $((n+1))`, `n=$(ls {} | wc -l); ((n > 5))`, `s=$(stat -c %s {}); [[ $s -gt 5 ]]`,
	`f() { echo "$1" $(($2+1)); }; f {} 3`, `f() { bash -c "$2"; }; f {} x`, `read -r n <x; echo {} $((n+1))`, `while read -r h; do ssh "$h" "ls $h"; done <x; echo {}`,
	`x=({}); for i in "${!x[@]}"; do echo "$i ${x[i]}"; done`, `x={}; for ((i=0; i<${#x}; i++)); do echo "${x:i:1}"; done`,
	`echo {} | parallel gzip`, `echo {} | xargs -n1 sh -c 'echo "$1"' sh`, `find {} -exec sh -c 'echo "$1"' sh {{}} \;`, `screen -dmS {} ./x`, `ulimit -n {}`,
	`bash -c 'n=$(wc -l <"$1"); echo $((n+1))' _ {}`, `bash -c '[ "$1" -gt 5 ]' _ {}`, "ssh h <<E\nls {:q}\nE", `ssh h "ls {:q} | wc -l" >{/}.n`, `ssh h <x uptime; echo {}`,
	`f={}; trap 'rm -f "$f"' EXIT; ./x "$f"`, `t=$(mktemp); trap "rm -f $t" EXIT; sort {} >"$t"`, `mkdir d; cd d; ssh h "ls $PWD"; echo {}`, `sbatch --wrap="./x {:q}"`,
}

// TestRepetition: a number in braces is a repetition in a regular expression.
func TestRepetition(t *testing.T) {
	for script, ok := range map[string]bool{
		`grep -E '^[0-9]{4}$' {}`: true, `perl -ne 'print if /\d{3}(ab){2}/' {}`: true, `echo {2} {}`: false, `echo x{2} {}`: false,
	} {
		tt, err := compile(script)
		if (err == nil) != ok {
			t.Errorf("%q: %v", script, err)
		}
		if ok && tt != nil && len(tt.occs) != 1 {
			t.Errorf("%q: %d placeholders", script, len(tt.occs))
		}
	}
}

func TestOrdinaryIsAccepted(t *testing.T) {
	for _, s := range ordinary {
		tt, err := compile(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if len(tt.integers) > 0 || len(tt.Warnings) > 0 {
			t.Errorf("%q: integers %v, warnings %q", s, tt.integers, tt.Warnings)
		}
	}
	if _, err := (given{text: `[ -f {1} ] && cp {1} {2}`, sources: 2}).compile(); err != nil {
		t.Error(err)
	}
	if _, err := (given{text: `[ -f {1} ] && cp {}`, batch: 3}).compile(); err != nil {
		t.Error(err)
	}
}

// TestQuotedBatchStaysTogether: code for another shell keeps all items of a batch.
func TestQuotedBatchStaysTogether(t *testing.T) {
	three := given{text: `sh -c 'rm {:q}'`, batch: 3}
	program, _, err := CompileProgram([]string{"sh", "-c", "rm {:q}"}, three.options())
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range []*words.Plan{mustCompile(t, three).Plan, program} {
		got, err := plan.Steps[0].Pipeline[0].Argv(nil, job.Job{Index: 1, Items: items("a", "b c")})
		if want := []string{"sh", "-c", "rm 'a' 'b c'"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v", got, err)
		}
	}
	_, params, err := mustCompile(t, given{text: `eval 'rm {:q}' ~`, batch: 3}).shell(job.Job{Index: 1, Items: items("a", "b c")})
	if want := []string{"'a' 'b c'"}; err != nil || !slices.Equal(params, want) {
		t.Errorf("got %q, %v", params, err)
	}
}

func TestBraceWarnings(t *testing.T) {
	for script, warns := range map[string]string{
		`find {} -exec md5sum {} \;`:   "write {{}}",
		`find {} -exec md5sum {{}} \;`: "",
		`find {} -exec cp {{}} {} +`:   "",
		`find {} -name x`:              "",
		`xargs -I{} echo {} <x`:        "xargs replaces",
		`xargs -I{{}} echo {{}} {}`:    "",
		`printf 'x {}\n'`:              "format of printf",
		`printf 'x %s\n' {}`:           "",
	} {
		got := strings.Join(mustCompile(t, given{text: script}).Warnings, "\n")
		if warns == "" && got != "" || !strings.Contains(got, warns) {
			t.Errorf("%q: got %q", script, got)
		}
	}
}

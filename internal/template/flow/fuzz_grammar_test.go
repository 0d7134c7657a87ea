//go:build unix

package flow_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// place is where the item is at some point of a script.
type place int

const (
	word place = iota // in an expansion, which can stand within double quotes
	feed              // on standard input
)

// carrier moves the item one step on. In its texts, @S is the expansion that has the item, @N a number of its own,
// @R the rest of the script, and @W the rest as one word in single quotes.
type carrier struct {
	from, to place
	text     string
	next     string // the expansion that has the item in the rest
}

// sink ends a script.
type sink struct {
	from     place
	text     string
	harmless bool // no item can become code in it
}

// flow is a script as steps: what is left of it without one of them is a script, too.
type flow struct {
	steps []carrier
	end   sink
}

// text returns the script.
func (f flow) text() string { return f.render(0, "{}") }

func (f flow) render(at int, source string) string {
	n := strconv.Itoa(at + 1)
	if at == len(f.steps) {
		return strings.NewReplacer("@S", source, "@N", n).Replace(f.end.text)
	}
	step := f.steps[at]
	rest := f.render(at+1, strings.NewReplacer("@S", source, "@N", n).Replace(step.next))
	quoted := "'" + strings.ReplaceAll(rest, "'", `'\''`) + "'"
	return strings.NewReplacer("@S", source, "@N", n, "@R", rest, "@W", quoted).Replace(step.text)
}

// valid reports whether each step begins where the one before it ends.
func (f flow) valid() bool {
	at := word
	for _, step := range f.steps {
		if step.from != at {
			return false
		}
		at = step.to
	}
	return f.end.from == at
}

// without returns the flow without step i.
func (f flow) without(i int) flow {
	steps := append([]carrier{}, f.steps[:i]...)
	return flow{append(steps, f.steps[i+1:]...), f.end}
}

// randomFlow makes a script of one to four steps.
func randomFlow(r *rand.Rand) (f flow) {
	at := word
	for range 1 + r.IntN(4) {
		step := carriers[r.IntN(len(carriers))]
		for step.from != at {
			step = carriers[r.IntN(len(carriers))]
		}
		f.steps = append(f.steps, step)
		at = step.to
	}
	f.end = sinks[r.IntN(len(sinks))]
	for f.end.from != at {
		f.end = sinks[r.IntN(len(sinks))]
	}
	return f
}

var carriers = []carrier{
	// Variables.
	{word, word, "v@N=\"@S\"\n@R", "$v@N"},
	{word, word, "v@N=x\nv@N=\"@S\"\n@R", "${v@N}"},
	{word, word, "v@N=\nv@N+=\"@S\"\n@R", "$v@N"},
	{word, word, ": \"${v@N:=@S}\"\n@R", "$v@N"},
	{word, word, "v@N=${none-\"@S\"}\n@R", "$v@N"},
	{word, word, "export v@N=\"@S\"\n@R", "$v@N"},
	{word, word, "declare v@N=\"@S\"\n@R", "$v@N"},
	{word, word, "readonly v@N=\"@S\"\n@R", "${v@N?}"},
	{word, word, "printf -v v@N %s \"@S\"\n@R", "$v@N"},
	{word, word, "v@N=\"@S\"\nw@N=${v@N%zz}\n@R", "$w@N"},
	{word, word, "v@N=\"@S\"\nw@N=${v@N#zz}\n@R", "$w@N"},
	{word, word, "v@N=\"@S\"\nw@N=${v@N:0:99}\n@R", "$w@N"},
	{word, word, "v@N=\"@S\"\nw@N=${v@N/zz/y}\n@R", "${w@N}"},
	{word, word, "v@N=\"@S\"\nw@N=v@N\n@R", "${!w@N}"},
	{word, word, "declare -n r@N=v@N\nv@N=\"@S\"\n@R", "$r@N"},
	{word, word, "declare -n r@N=v@N\nr@N=\"@S\"\n@R", "$v@N"},
	{word, word, "v@N=\"@S\"\neval 'w@N=$v@N'\n@R", "$w@N"},
	{word, word, "v@N=\"@S\"\neval \"w@N=${v@N@Q}\"\n@R", "$w@N"},
	{word, word, "printf -v q@N %q \"@S\"\neval \"w@N=$q@N\"\n@R", "$w@N"},
	{word, word, "true \"@S\"\nv@N=$_\n@R", "$v@N"},
	{word, word, "[[ \"@S\" =~ ^(.*)$ ]]\n@R", "${BASH_REMATCH[1]}"},
	{word, word, "[[ \"@S\" =~ .+ ]] && v@N=$BASH_REMATCH\n@R", "$v@N"},
	{word, word, "case \"@S\" in *) v@N=\"@S\" ;; esac\n@R", "$v@N"},
	{word, word, "x@N=1\n[ -n \"$x@N\" ] && v@N=\"@S\"\n@R", "$v@N"},
	// Arrays.
	{word, word, "a@N=(x \"@S\")\n@R", "${a@N[1]}"},
	{word, word, "a@N=(\"@S\")\n@R", "$a@N"},
	{word, word, "a@N=()\na@N+=(\"@S\")\n@R", "${a@N[@]}"},
	{word, word, "a@N=(x \"@S\")\nb@N=(\"${a@N[@]:1}\")\n@R", "${b@N[0]}"},
	{word, word, "a@N[2]=\"@S\"\n@R", "${a@N[-1]}"},
	{word, word, "declare -A m@N=([k]=\"@S\")\n@R", "${m@N[k]}"},
	{word, word, "declare -A m@N\nm@N[k]=\"@S\"\n@R", "${m@N[k]}"},
	{word, word, "a@N=(\"@S\")\nfor v@N in \"${a@N[@]}\"; do\n@R\ndone", "$v@N"},
	// What builtins read.
	{word, word, "IFS= read -r v@N <<< \"@S\"\n@R", "$v@N"},
	{word, word, "read -r v@N < <(printf '%s\\n' \"@S\")\n@R", "$v@N"},
	{word, word, "read -r <<< \"@S\"\n@R", "$REPLY"},
	{word, word, "read -ra a@N <<< \"@S\"\n@R", "${a@N[*]}"},
	{word, word, "mapfile -t a@N <<< \"@S\"\n@R", "${a@N[0]}"},
	{word, word, "mapfile -t <<< \"@S\"\n@R", "${MAPFILE[0]}"},
	{word, word, "while IFS= read -r v@N; do\n@R\ndone <<< \"@S\"", "$v@N"},
	{word, word, "while read -r; do\n@R\ndone < <(echo \"@S\")", "$REPLY"},
	{word, word, "exec 3<<< \"@S\"\nread -r v@N <&3\n@R", "$v@N"},
	{word, word, "exec {d@N}< <(echo \"@S\")\nread -r -u \"$d@N\" v@N\n@R", "$v@N"},
	{word, word, "coproc cat\necho \"@S\" >&\"${COPROC[1]}\"\nread -r v@N <&\"${COPROC[0]}\"\n@R", "$v@N"},
	{word, word, "OPTIND=1\nset -- -x \"@S\"\ngetopts x: o@N\n@R", "$OPTARG"},
	{word, word, "for v@N in \"@S\"; do\n@R\ndone", "$v@N"},
	{word, word, "select v@N in \"@S\"; do\n@R\nbreak\ndone <<< 1", "$v@N"},
	// Parameters and functions.
	{word, word, "set -- x \"@S\"\n@R", "$2"},
	{word, word, "set -- x \"@S\"\nshift\n@R", "$*"},
	{word, word, "set -- x \"@S\"\n@R", "${@: -1}"},
	{word, word, "set -- x \"@S\"\n@R", "${!#}"},
	{word, word, "f@N() {\n@R\n}\nf@N \"@S\"", "$1"},
	{word, word, "f@N() {\nshift\n@R\n}\nf@N x \"@S\"", "$1"},
	{word, word, "f@N() {\nlocal v@N=$1\n@R\n}\nf@N \"@S\"", "$v@N"},
	{word, word, "g@N() {\n@R\n}\nf@N() {\nlocal v@N=$1\ng@N\n}\nf@N \"@S\"", "$v@N"},
	{word, word, "f@N() { v@N=$1; }\nf@N \"@S\"\n@R", "$v@N"},
	{word, word, "f@N() { local -n o@N=$1; o@N=$2; }\nf@N v@N \"@S\"\n@R", "$v@N"},
	{word, word, "f@N() { echo \"$1\"; }\n@R", "$(f@N \"@S\")"},
	{word, word, "f@N() { printf '%s\\n' \"$@\"; }\nv@N=$(f@N \"@S\")\n@R", "$v@N"},
	{word, word, "f@N() { cat; }\nv@N=$(f@N <<< \"@S\")\n@R", "$v@N"},
	{word, word, "f@N() {\n@R\n}\ng@N() { \"$@\"; }\ng@N f@N \"@S\"", "$1"},
	{word, word, "f@N() (\n@R\n)\nc@N=f@N\n$c@N \"@S\"", "$1"},
	// Programs that print.
	{word, word, "v@N=$(echo \"@S\")\n@R", "$v@N"},
	{word, word, "v@N=`printf '%s\\n' \"@S\"`\n@R", "$v@N"},
	{word, word, "v@N=$(cat <<< \"@S\")\n@R", "$v@N"},
	{word, word, "v@N=$(cat <<E@N\n@S\nE@N\n)\n@R", "$v@N"},
	{word, word, "v@N=$(echo \"@S\" | sed 's/zz//' | tr -d '\\r')\n@R", "$v@N"},
	{word, word, "v@N=$(expr \"@S\" : '\\(.*\\)')\n@R", "$v@N"},
	{word, word, "v@N=$(dd status=none <<< \"@S\")\n@R", "$v@N"},
	{word, word, "v@N=$(awk -v x=\"@S\" 'BEGIN {print x}')\n@R", "$v@N"},
	{word, word, "v@N=$(basename \"@S\")\n@R", "$v@N"},
	{word, word, "v@N=$(printf %s \"@S\" | base64 -w0 | base64 -d)\n@R", "$v@N"},
	{word, word, "v@N=$(bash -c 'echo \"$1\"' _ \"@S\")\n@R", "$v@N"},
	{word, word, "export v@N=\"@S\"\nw@N=$(printenv v@N)\n@R", "$w@N"},
	{word, word, "w@N=$(v@N=\"@S\" env | sed -n 's/^v@N=//p')\n@R", "$w@N"},
	{word, word, "@R", "$(head -1 <<< \"@S\")"},
	{word, word, "v@N=$(yes \"@S\" | head -1)\n@R", "$v@N"},
	{word, word, "v@N=$(stat -c \"@S\" .)\n@R", "$v@N"},
	{word, word, "v@N=$( { cat < \"@S\"; } 2>&1 )\n@R", "$v@N"},
	// Around the rest.
	{word, word, "(\n@R\n)", "@S"},
	{word, word, "if true; then\n@R\nfi", "@S"},
	{word, word, "{\n@R\n} | cat", "@S"},
	{word, word, "for i@N in 1; do\n@R\ndone", "@S"},
	{word, word, "while true; do\n@R\nbreak\ndone", "@S"},
	{word, word, "case x in x)\n@R\n;; esac", "@S"},
	{word, word, "{\n@R\n} &\nwait", "@S"},
	{word, word, "echo \"$(\n@R\n)\"", "@S"},
	{word, word, "cat <(\n@R\n)", "@S"},
	{word, word, "v@N=\"@S\"\nf@N() {\n@R\n}\nf@N", "$v@N"},
	{word, word, "v@N=\"@S\"\neval @W", "$v@N"},
	{word, word, "v@N=\"@S\"\ntrap @W EXIT", "$v@N"},
	{word, word, "v@N=\"@S\"\n. /dev/stdin <<'E@N'\n@R\nE@N", "$v@N"},
	{word, word, "v@N=\"@S\"\nsource <(echo @W)", "$v@N"},
	// Another shell.
	{word, word, "bash -c @W _ \"@S\"", "$1"},
	{word, word, "bash -c @W \"@S\"", "$0"},
	{word, word, "sh -c @W x y \"@S\"", "$2"},
	{word, word, "v@N=\"@S\" bash -c @W", "$v@N"},
	{word, word, "env v@N=\"@S\" bash -c @W", "$v@N"},
	{word, word, "export v@N=\"@S\"\nbash -c @W", "$v@N"},
	{word, word, "export v@N=\"@S\"\nbash <<'E@N'\n@R\nE@N", "$v@N"},
	{word, word, "f@N() {\n@R\n}\nexport -f f@N\nbash -c 'f@N \"$1\"' _ \"@S\"", "$1"},
	{word, word, "v@N=\"@S\"\nfind . -maxdepth 0 -exec bash -c @W _ \"$v@N\" \\;", "$1"},
	{word, word, "printf '%s\\0' \"@S\" | xargs -0 bash -c @W _", "$1"},
	{word, word, "timeout 2 nice env bash -c @W _ \"@S\"", "$1"},
	// To standard input, along it, and from it.
	{word, feed, "echo \"@S\" | {\n@R\n}", ""},
	{word, feed, "printf '%s\\n' \"@S\" | (\n@R\n)", ""},
	{word, feed, "{\n@R\n} <<< \"@S\"", ""},
	{word, feed, "{\n@R\n} <<E@N\n@S\nE@N", ""},
	{word, feed, "(\n@R\n) < <(echo \"@S\")", ""},
	{word, feed, "if true; then\n@R\nfi <<< \"@S\"", ""},
	{word, feed, "echo \"@S\" | while true; do\n@R\nbreak\ndone", ""},
	{word, feed, "f@N() {\n@R\n}\necho \"@S\" | f@N", ""},
	{word, feed, "f@N() {\n@R\n}\nf@N <<< \"@S\"", ""},
	{word, feed, "exec <<< \"@S\"\n@R", ""},
	{word, feed, "echo \"@S\" > >(\n@R\n)\nsleep 0.05", ""},
	{word, feed, "echo \"@S\" | tee >(\n@R\n) > /dev/null\nsleep 0.05", ""},
	{word, feed, "coproc {\n@R\n}\necho \"@S\" >&\"${COPROC[1]}\"\np@N=${COPROC[1]}\nexec {p@N}>&-\nwait", ""},
	{word, feed, "bash -c @W <<< \"@S\"", ""},
	{word, feed, "{ echo :; echo \"@S\"; } | {\n@R\n}", ""},
	{feed, feed, "cat | {\n@R\n}", ""},
	{feed, feed, "tee /dev/null | (\n@R\n)", ""},
	{feed, feed, "sed 's/zz//' | {\n@R\n}", ""},
	{feed, feed, "(\n@R\n)", ""},
	{feed, feed, "f@N() {\n@R\n}\nf@N", ""},
	{feed, feed, "bash -c @W", ""},
	{feed, feed, "env sh -c @W", ""},
	{feed, feed, "exec 4<&0\n{\n@R\n} <&4", ""},
	{feed, word, "read -r v@N\n@R", "$v@N"},
	{feed, word, "v@N=$(cat)\n@R", "$v@N"},
	{feed, word, "v@N=$(< /dev/stdin)\n@R", "$v@N"},
	{feed, word, "mapfile -t a@N\n@R", "${a@N[0]}"},
	{feed, word, "while IFS= read -r v@N; do\n@R\ndone", "$v@N"},
	{feed, word, "read -r\n@R", "$REPLY"},
	{feed, word, "xargs -d '\\n' bash -c @W _", "$1"},
}

var sinks = []sink{
	{word, "eval \"@S\"", false},
	{word, "eval echo \"@S\"", false},
	{word, "bash -c \"@S\"", false},
	{word, "bash -c \"echo @S\"", false},
	{word, "sh -c \"echo '@S'\"", false},
	{word, "env bash -c \"@S\" _ a", false},
	{word, "e@N=eval\n$e@N \"@S\"", false},
	{word, "c@N=(bash -c)\n\"${c@N[@]}\" \"@S\"", false},
	{word, "r@N() { \"$@\"; }\nr@N eval \"@S\"", false},
	{word, "bash <<< \"@S\"", false},
	{word, "bash <<E@N\necho @S\nE@N", false},
	{word, "source <(echo \"@S\")", false},
	{word, "bash <(echo \"@S\")", false},
	{word, "echo \"@S\" | (bash)", false},
	{word, "x@N=\"@S\"\necho $((x@N))", false},
	{word, "x@N=\"@S\"\necho $(($x@N + 1))", false},
	{word, "x@N=\"@S\"\n((x@N > 1)) && echo y", false},
	{word, "let \"y@N=@S\"", false},
	{word, "[[ \"@S\" -eq 1 ]]", false},
	{word, "[ -v \"@S\" ]", false},
	{word, "x@N=\"@S\"\ns=abc\necho \"${s:x@N}\"", false},
	{word, "x@N=\"@S\"\ny@N[$x@N]=1", false},
	{word, "declare -i y@N=\"@S\"", false},
	{word, "declare -i y@N\ny@N=\"@S\"", false},
	{word, "RANDOM=\"@S\"", false},
	{word, "printf -v \"@S\" 1", false},
	{word, "read \"@S\" <<< 1", false},
	{word, "a=(1)\nunset \"@S\"", false},
	{word, "declare \"@S=1\"", false},
	{word, "x@N=\"@S\"\necho \"${!x@N}\"", false},
	{word, "x@N=\"@S\"\necho \"${x@N@P}\"", false},
	{word, "declare -n y@N=\"@S\"\necho \"$y@N\"", false},
	{word, "x@N=\"@S\"\n$x@N", false},
	{word, "BASH_ENV=\"@S\" bash -c :", false},
	{word, "PS4=\"@S\"\nset -x\n:", false},
	{word, "trap \"@S\" EXIT", false},
	{word, "shopt -s expand_aliases\nalias al@N=\"@S\"\nal@N", false},
	{word, "x@N=\"@S\"\nfind . -maxdepth 0 -exec sh -c \"$x@N\" \\;", false},
	{word, "printf '%s\\0' \"@S\" | xargs -0 -n1 sh -c", false},
	{word, "mapfile -C \"@S\" -c 1 y@N <<< a", false},
	{word, "x@N=\"@S\"\n[ $x@N ] && echo y", false},
	{word, "printf \"@S\" y", false},
	{word, "x@N=\"@S\"\nc@N=bash\n$c@N $x@N", false},
	{word, "shopt -s expand_aliases\nBASH_ALIASES[al@N]=\"@S\"\nal@N", false},
	{word, "ssh h \"ls @S\"", false},
	{word, "ssh h 'bash -s' <<< \"@S\"", false},
	{word, "sudo -s <<< \"@S\"", false},
	{word, "su root -c \"@S\"", false},
	{word, "chroot / sh -c \"@S\"", false},
	{word, "printf '%s\\n' \"@S\" | xargs -d '\\n' -I% su root -c %", false},
	{word, "f@N() { eval \"$1\"; }\nexport -f f@N\nbash -c 'f@N \"$1\"' _ \"@S\"", false},
	{word, "bash -c \"$(cat <<< \"@S\")\"", false},
	{word, "declare -A n@N\nx@N=\"@S\"\nn@N[k]=$x@N\n((n@N[k]++))", false},
	{word, "x@N=(\"@S\")\nfor i@N in \"${!x@N[@]}\"; do : $((x@N[i@N])); done", false},
	{word, "for ((i@N = @S; i@N < 1; i@N++)); do break; done", false},
	{word, "echo \"@S\"", true},
	{word, "printf '%s\\n' \"@S\"", true},
	{word, "[ -n \"@S\" ] && echo y", true},
	{word, "[[ \"@S\" == *.txt ]] || echo n", true},
	{word, "x@N=\"@S\"\necho \"${#x@N} ${x@N%.*}\"", true},
	{word, "wc -c <<< \"@S\"", true},
	{word, "x@N=\"@S\"\necho $x@N", true},
	{word, "printf -v q@N %q \"@S\"\nssh h \"ls $q@N\" 2> /dev/null", true},
	{word, "x@N=\"@S\"\nn@N=${x@N//[!0-9]/}\necho $((10#${n@N:-0} + 1))", true},
	{word, "x@N=\"@S\"\n((${#x@N} > 3)) && echo y", true},
	{word, "n@N=$(wc -c <<< \"@S\")\necho $((n@N + 1))", true},
	{word, "x@N=\"@S\"\neval \"echo ${x@N@Q}\"", true},
	{word, "bash -c 'echo \"$1\"' _ \"@S\"", true},
	{word, "case \"@S\" in *.c) echo c ;; *) echo o ;; esac", true},
	{word, "cat -- \"@S\" 2> /dev/null", true},
	{feed, "bash", false},
	{feed, "sh -s", false},
	{feed, "\"$BASH\"", false},
	{feed, "env bash", false},
	{feed, ". /dev/stdin", false},
	{feed, "eval \"$(cat)\"", false},
	{feed, "bash /dev/stdin", false},
	{feed, "cat | bash", false},
	{feed, "ssh h", false},
	{feed, "ssh h 'cat | sh'", false},
	{feed, "sudo -s", false},
	{feed, "su", false},
	{feed, "if true; then (bash); fi", false},
	{feed, "time bash", false},
	{feed, "mapfile -t x@N\n: $((x@N[0]))", false},
	{feed, "s@N=bash\n$s@N", false},
	{feed, "while read -r x@N; do echo $((x@N)); done", false},
	{feed, "xargs -d '\\n' -n1 sh -c", false},
	{feed, "cat", true},
	{feed, "wc -l", true},
	{feed, "grep -c a", true},
	{feed, "ssh h 'wc -l'", true},
	{feed, "n@N=$(wc -l)\necho $((n@N * 2))", true},
	{feed, "sort | head -1 > out", true},
	{feed, "while read -r x@N; do echo \"$x@N\"; done", true},
}

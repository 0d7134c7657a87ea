package flow

import (
	"strings"
)

func (f *follower) source(args []word, st *state) {
	if len(args) == 0 {
		return
	}
	if held := f.heldBy(value{args[0].text}, st); held != nil {
		f.codeOf("source", f.args([]word{{text: f.blendOrOne(held)}}), false, st)
	} else {
		f.takenAs("source", args[0])
	}
}

// read follows read: each name gets a part of the input, a name by itself all of a line.
func (f *follower) read(args []word, st *state) {
	in := st.stdin
	var names []string
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case len(f.ids(t)) > 0 || args[i].open && len(f.names.Tokens(t)) > 0 && f.carries(value{t}):
			f.takenAs("read", args[i])
		case len(names) == 0 && len(t) > 1 && t[0] == '-':
			last := t[len(t)-1]
			if last == 'a' && i+1 < len(args) {
				f.setArray(args[i+1].text, in, true, st)
				return
			}
			if strings.ContainsRune("dinNptu", rune(last)) {
				if last == 'u' && i+1 < len(args) {
					in = f.readFrom(args[i+1], st)
				}
				i++
			} else if j := strings.IndexByte(t, 'u'); j > 0 && j+1 < len(t) {
				in = f.readFrom(word{text: t[j+1:]}, st)
			}
		default:
			names = append(names, t)
		}
	}
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	for _, name := range names {
		v := f.trimmed(in)
		if len(names) > 1 || len(v) > 1 || strings.Contains(v[0], "\n") {
			v = f.part(v, "")
		}
		f.assign(name, v, st)
	}
}

// readFrom is what a descriptor gives to read.
func (f *follower) readFrom(fd word, st *state) value {
	if n, ok := f.literal(value{fd.text}); ok {
		if v, known := st.files[n]; known {
			return v
		}
		return f.unknown()
	}
	return f.anyFile(st)
}

func (f *follower) mapfile(args []word, st *state) {
	name, in := "MAPFILE", st.stdin
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case len(f.ids(t)) > 0:
			f.takenAs("mapfile", args[i])
		case t == "-C" && i+1 < len(args):
			st.files["mapfile"] = st.stdin
			f.codeOf("mapfile -C", f.args([]word{args[i+1], {text: f.part(st.stdin, "mapfile")[0]}}), false, st)
			i++
		case t == "-u" && i+1 < len(args):
			in = f.readFrom(args[i+1], st)
			i++
		case len(t) == 2 && t[0] == '-' && strings.ContainsRune("dnOsc", rune(t[1])):
			i++
		case len(t) > 0 && t[0] != '-':
			name = t
		}
	}
	f.setArray(name, in, false, st)
}

func (f *follower) getopts(args []word, st *state) {
	if len(args) < 2 {
		return
	}
	f.takenAs("getopts", args[0], args[1])
	from := st.params
	if len(args) > 2 {
		from = args[2:]
	}
	v := value{f.anyOf(from).text}
	f.assign("OPTARG", f.part(v, "$OPTARG"), st)
	f.assign(args[1].text, f.unknown(), st)
}

func (f *follower) chdir(args []word, st *state) {
	v := f.unknown()
	if values := f.valuesOf(args); f.carries(values) {
		v = f.part(values, "$PWD")
	}
	st.vars["OLDPWD"] = variable{val: f.lookup("PWD", st)}
	f.setVariable("PWD", variable{val: f.either(v, f.unknown()), exported: true}, st)
	f.ever["OLDPWD"] = st.vars["PWD"]
}

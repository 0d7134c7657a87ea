package flow

import (
	"slices"
	"strings"
)

func (f *follower) source(args []word, st *state) {
	if len(args) == 0 {
		return
	}
	if held := f.heldBy(value{args[0].text}, st); held != nil {
		f.codeOf("source", f.args([]word{{text: f.blendOrOne(held)}}), false, st)
	} else if start, _, _, _, ok := f.names.Next(args[0].text); !ok || !strings.ContainsRune(args[0].text[:start], '/') || args[0].open {
		f.takenAs("source", args[0])
	}
}

// read follows read: each name gets a part of the input, a name by itself all of a line.
func (f *follower) read(args []word, st *state) {
	in, array, whole := st.stdin, "", false
	var names []string
	for i := 0; i < len(args); i++ {
		t := args[i].text
		if len(f.ids(t)) > 0 {
			f.takenAs("read", args[i])
			continue
		}
		if len(names) > 0 || len(t) < 2 || t[0] != '-' {
			names = append(names, t)
			continue
		}
		for j := 1; j < len(t); j++ {
			whole = whole || t[j] == 'r'
			if !strings.ContainsRune("adinNptu", rune(t[j])) {
				continue
			}
			value := word{text: t[j+1:]}
			if value.text == "" && i+1 < len(args) {
				i++
				value = args[i]
			}
			switch t[j] {
			case 'a':
				array = value.text
			case 'u':
				in = f.readFrom(value, st)
			case 'n', 'N', 'd':
				in = f.bare(in)
			}
			break
		}
	}
	if !whole {
		in = f.bare(in) // backslashes are removed
	}
	if array != "" {
		f.setArray(array, in, true, st)
		return
	}
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	for _, name := range names {
		v := f.trimmed(in)
		if len(names) > 1 || len(v) > 1 || strings.Contains(v[0], "\n") {
			v = f.part(v, "")
		}
		f.assign(name, f.lines(v), st)
	}
}

// lines is one line of a value. A word that {:q} has quoted may have several.
func (f *follower) lines(v value) value {
	return f.replaced(v, func(m mark) mark {
		m.quoted = m.quoted && !slices.ContainsFunc(m.origins, func(o origin) bool { return o.quotedByUs })
		return m
	})
}

// readFrom is what a descriptor gives to read.
func (f *follower) readFrom(fd word, st *state) value {
	if n, ok := f.literal(value{fd.text}); ok {
		if n == "0" {
			return st.stdin
		}
		if v, known := st.files[n]; known {
			return v
		}
		return f.unknown()
	}
	return f.anyFile(st)
}

func (f *follower) mapfile(args []word, st *state) {
	name, in, callback := "MAPFILE", st.stdin, ""
	for i := 0; i < len(args); i++ {
		t := args[i].text
		switch {
		case len(f.ids(t)) > 0:
			f.takenAs("mapfile", args[i])
		case t == "-C" && i+1 < len(args):
			callback = args[i+1].text
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
	if callback != "" {
		f.codeOf("mapfile -C", f.args([]word{{text: callback + " " + f.clean() + " " + f.quote(f.part(in, "mapfile"))[0]}}), true, st)
	}
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

// chdir follows cd, pushd and popd. Where an item has been in the name of a directory, it may be again.
func (f *follower) chdir(args []word, st *state) {
	v := f.either(f.lookup("PWD", st), f.lookup("OLDPWD", st))
	if values := f.valuesOf(args); f.carries(values) {
		v = f.either(v, f.part(values, "$PWD"))
	}
	v = f.either(v, f.unknown())
	for _, name := range []string{"PWD", "OLDPWD"} {
		f.setVariable(name, variable{val: v, exported: true}, st)
	}
	f.setVariable("DIRSTACK", variable{lists: [][]word{{{text: f.blend(v)[0], open: true}}}}, st)
}

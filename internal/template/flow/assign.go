package flow

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// setVariable sets a variable, and keeps its types.
func (f *follower) setVariable(name string, v variable, st *state) {
	old := st.vars[name]
	if strings.Contains(name, f.names.Prefix) {
		st.partly = true
		v = f.mergeVariable(v, old)
	}
	if v.keys = f.either(old.keys, v.keys); old.readonly {
		v = f.mergeVariable(old, v)
	}
	v.exported = v.exported || st.exports
	v.readonly = old.readonly
	v.integer, v.exported, v.ref, v.assoc = v.integer || old.integer, v.exported || old.exported, v.ref || old.ref, v.assoc || old.assoc
	st.vars[name] = v
	if ever, ok := f.ever[name]; ok {
		v = f.mergeVariable(ever, v)
	}
	f.ever[name] = v
}

// assign gives a variable a value.
func (f *follower) assign(name string, v value, st *state) {
	switch name {
	case "":
		return
	case "BASH_ARGV0":
		st.zero = v
	case "IFS":
		for _, s := range v {
			f.separators += strings.Trim(f.pattern(s), "* \t\n")
		}
	}
	name = f.target(name, st)
	if i := strings.IndexByte(name, '['); i > 0 && strings.HasSuffix(name, "]") {
		if !st.vars[name[:i]].assoc {
			f.arithmeticText(name[i:], st, true, 0)
		}
		f.assignElement(name[:i], v, st)
		return
	}
	if st.vars[name].ref { // it has no target yet
		f.sinkName(v, "declare -n")
		st.vars[name] = variable{val: v, ref: true}
		return
	}
	f.sinkVariable(name, v, st)
	v = f.one(f.through(v, "$"+name))
	old := st.vars[name]
	if old.lists != nil {
		if len(old.lists) == 1 && len(old.lists[0]) > 0 && !old.lists[0][0].open && len(v) == 1 {
			list := slices.Clone(old.lists[0])
			list[0] = word{text: v[0]}
			f.setVariable(name, variable{lists: [][]word{list}}, st)
			return
		}
		f.assignElement(name, v, st)
		return
	}
	f.setVariable(name, variable{val: v}, st)
}

// assignElement gives some element of an array a value.
func (f *follower) assignElement(name string, v value, st *state) {
	v = f.through(v, "$"+name)
	f.sinkVariable(name, v, st)
	old := st.vars[name]
	list := []word{}
	for _, s := range v {
		list = append(list, word{text: s})
	}
	lists := slices.Clone(old.lists)
	if old.lists == nil && len(old.val) > 0 {
		lists = append(lists, []word{{text: f.blend(old.val)[0]}})
	}
	lists = append(lists, list)
	f.setVariable(name, variable{lists: [][]word{{f.anyOf(lists...)}}}, st)
}

// sinkVariable is the end of a value in a variable that bash calculates, or whose text something runs.
func (f *follower) sinkVariable(name string, v value, st *state) {
	fact := f.variableFact(name)
	if st.vars[name].integer || fact == "arithmetic" {
		f.sinkArithmetic(v, st, 1)
		return
	}
	kind, who, _ := strings.Cut(fact, " ")
	switch kind {
	case "", "program", "file":
	case "text":
		for _, id := range f.idsOf(v) {
			f.warnText(id, who)
			return
		}
	default:
		for _, s := range v {
			if len(f.ids(s)) == 0 && strings.ContainsAny(s, "$` ") {
				f.expansions(s, st)
				f.codeOf(name, f.args([]word{{text: s}}), false, f.newShell(st, nil))
			}
		}
		for _, id := range f.idsOf(append(slices.Clone(v), f.heldBy(v, st)...)) {
			f.findMark(id, "the value of "+name+" is run as code", "write the value without an item")
		}
	}
}

func (f *follower) idsOf(v value) []int {
	var ids []int
	for _, s := range v {
		ids = append(ids, f.ids(s)...)
	}
	return ids
}

// assignment follows NAME=VALUE in all its forms.
func (f *follower) assignment(a *syntax.Assign, st *state) {
	if a.Name == nil {
		return
	}
	name := f.target(a.Name.Value, st)
	switch {
	case a.Array != nil:
		f.assignArray(name, a, st)
	case a.Index != nil:
		f.index(name, a.Index, st)
		f.assignElement(name, f.single(a.Value, st), st)
	case a.Append:
		v := f.single(a.Value, st)
		if st.vars[name].lists != nil {
			f.assignElement(name, v, st)
			return
		}
		f.assign(name, f.join(f.lookup(name, st), v), st)
	case a.Value != nil:
		f.assign(name, f.single(a.Value, st), st)
	case !a.Naked:
		f.assign(name, text(""), st)
	}
}

// index follows the subscript of an element that is assigned to.
func (f *follower) index(name string, x syntax.ArithmExpr, st *state) {
	v := st.vars[name]
	if !v.assoc {
		f.arithmetic(x, st)
		return
	}
	if w, ok := x.(*syntax.Word); ok {
		v.keys = f.either(v.keys, f.through(f.single(w, st), "the keys of "+name))
		st.vars[name] = v
	}
}

// setArray gives an array elements, of which only the sum is known.
func (f *follower) setArray(name string, v value, split bool, st *state) {
	name = f.target(name, st)
	st.unnamed = st.unnamed || len(f.names.Tokens(name)) > 0
	v = f.part(v, "$"+name)
	f.sinkVariable(name, v, st)
	f.setVariable(name, variable{lists: [][]word{{{text: v[0], open: true, split: split}}}}, st)
}

// assignArray follows NAME=(…).
func (f *follower) assignArray(name string, a *syntax.Assign, st *state) {
	old := st.vars[name]
	ways := [][]word{nil}
	for _, e := range a.Array.Elems {
		if e.Index != nil {
			f.index(name, e.Index, st)
		}
		if e.Value == nil {
			continue
		}
		values := f.expand([]*syntax.Word{e.Value}, st)
		if len(values) == 1 && len(ways) == 1 {
			ways[0] = append(ways[0], values[0]...)
			continue
		}
		next := [][]word{}
		for _, list := range values {
			for _, head := range ways {
				next = append(next, slices.Concat(head, list))
			}
		}
		if ways = next; len(ways) > mostAlternatives {
			ways = [][]word{{f.anyOf(ways...)}}
		}
	}
	for i, list := range ways {
		list = slices.Clone(list)
		for j, w := range list {
			f.sinkVariable(name, value{w.text}, st)
			list[j].text = f.through(value{w.text}, "$"+name)[0]
			if w.split {
				list[j].text = f.bare(value{list[j].text})[0]
			}
		}
		ways[i] = list
	}
	if a.Append {
		heads := old.lists
		if heads == nil {
			heads = [][]word{nil}
			if len(old.val) > 0 {
				heads = [][]word{{{text: f.blend(old.val)[0]}}}
			}
		}
		var both [][]word
		for _, head := range heads {
			f.spend(len(head))
			for _, tail := range ways {
				both = append(both, slices.Concat(head, tail))
			}
		}
		if ways = both; len(ways) > mostTexts {
			ways = [][]word{{f.anyOf(ways...)}}
		}
	}
	for i, list := range ways {
		if list == nil {
			ways[i] = []word{}
		}
	}
	f.setVariable(name, variable{lists: ways}, st)
}

// declare follows declare, local, export and the like.
func (f *follower) declare(d *syntax.DeclClause, st *state) {
	set := variable{}
	local := d.Variant.Value == "local" || (d.Variant.Value == "declare" || d.Variant.Value == "typeset") && st.frame.function != ""
	functions, array, inherit := false, false, false
	var named []*syntax.Assign
	for _, a := range d.Args {
		if a.Name != nil {
			named = append(named, a)
			continue
		}
		v := f.single(a.Value, st)
		lit, known := f.literal(v)
		switch {
		case known && strings.HasPrefix(lit, "-"):
			set.integer = set.integer || strings.Contains(lit, "i")
			set.assoc = set.assoc || strings.Contains(lit, "A")
			array = array || strings.ContainsAny(lit, "aA")
			set.ref = set.ref || strings.Contains(lit, "n") && d.Variant.Value != "export"
			set.exported = set.exported || strings.Contains(lit, "x")
			set.readonly = set.readonly || strings.Contains(lit, "r")
			functions = functions || strings.ContainsAny(lit, "fF")
			inherit = inherit || strings.Contains(lit, "I")
			if strings.Contains(lit, "p") {
				f.printVariables(st)
			}
			if strings.Contains(lit, "g") {
				local = false
			}
		case known:
			if name, value, ok := strings.Cut(lit, "="); ok {
				f.assign(name, text(value), st)
			}
		default: // a name, or NAME=VALUE, in a variable
			st.unnamed = st.unnamed || array
			f.declared(d.Variant.Value, v, st)
		}
	}
	set.exported = set.exported || d.Variant.Value == "export"
	set.ref = set.ref || d.Variant.Value == "nameref"
	set.readonly = set.readonly || d.Variant.Value == "readonly"
	if len(named) == 0 && !functions {
		f.printVariables(st)
	}
	if functions {
		f.print(value{f.clean() + "\n"}, st)
		return
	}
	if inherit = inherit || st.inherits; inherit { // it has the value of the variable that it hides
		local = false
	}
	before := st.copy() // all values are expanded before any variable is made local
	for _, a := range named {
		f.declareOne(d.Variant.Value, a, set, array, local, before, st)
	}
}

// declareOne follows one NAME or NAME=VALUE of declare.
func (f *follower) declareOne(builtin string, a *syntax.Assign, set variable, array, local bool, before, st *state) {
	name := a.Name.Value
	var value value
	if a.Value != nil {
		value = f.single(a.Value, before)
	}
	if !local && st.frame.saved != nil { // declare -g
		if _, hidden := st.frame.saved[name]; hidden && value != nil {
			st.frame.saved[name] = variable{val: value}
		}
	}
	if local {
		f.hide(name, st)
	}
	v, known := st.vars[name]
	switch {
	case !known && !local:
		v.val = f.initial(name)
	case v.val == nil && v.lists == nil:
		v.val = text("")
	}
	v.integer, v.assoc, v.exported = v.integer || set.integer, v.assoc || set.assoc, v.exported || set.exported
	v.ref = v.ref || set.ref && a.Naked
	if array && v.lists == nil {
		v.lists = [][]word{{}}
		if len(v.val) > 0 && !slices.Equal(v.val, text("")) {
			v.lists = [][]word{{f.anyOf([]word{{text: f.blend(v.val)[0]}})}}
		}
	}
	st.vars[name] = v
	switch {
	case set.ref && value != nil:
		f.sinkName(value, builtin+" -n")
		st.vars[name] = variable{val: value, ref: true}
		return
	case value != nil:
		f.compound(builtin, a, value, array, st)
		if a.Append {
			value = f.join(f.lookup(name, st), value)
		}
		f.assign(name, value, st)
	default:
		f.assignment(a, st)
	}
	if set.readonly {
		v := st.vars[name]
		v.readonly = true
		st.vars[name] = v
	}
}

// compound refuses an item in NAME=VALUE for declare if NAME is an array: bash reads a value such as (…) as its elements,
// and calculates their subscripts.
func (f *follower) compound(builtin string, a *syntax.Assign, v value, array bool, st *state) {
	isArray := st.vars[f.target(a.Name.Value, st)].lists != nil || st.unnamed
	if !array && (!isArray || builtin == "export" || builtin == "readonly") {
		return
	}
	for _, id := range f.idsOf(v) {
		f.findMark(id, builtin+" could evaluate the item as code here", "assign first, and declare in another command: x={}; "+builtin+" x")
	}
}

// declared follows a word of declare that names a variable by an expansion: declare "$x=1".
func (f *follower) declared(builtin string, v value, st *state) {
	for _, s := range v {
		head, tail, ok := strings.Cut(s, "=")
		if len(f.ids(head)) > 0 {
			f.sinkName(value{head}, builtin)
		} else if ok && len(f.names.Tokens(head)) == 0 {
			f.assign(head, value{tail}, st)
		}
	}
}

// hide makes a variable local to the function.
func (f *follower) hide(name string, st *state) {
	if st.vars[name].readonly {
		return
	}
	if _, hidden := st.frame.saved[name]; !hidden {
		if st.frame.saved == nil {
			st.frame.saved = map[string]variable{}
		}
		st.frame.saved[name] = st.vars[name]
	}
	delete(st.vars, name)
}

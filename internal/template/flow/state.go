package flow

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// state is what is known at one place of a script.
type state struct {
	vars     map[string]variable
	params   []word // "$@"
	zero     value  // $0
	funcs    map[string]functions
	aliases  map[string]value
	stdin    value            // what a command reads that reads its standard input
	files    map[string]value // what descriptors that exec has opened give to read
	sinks    map[string]sink  // and where what is written to them goes
	out      value            // what the commands have printed so far
	reads    string           // the shell, if it reads its code from standard input
	dead     bool             // it is never reached: behind exit, return, break
	partly   bool             // names of some variables are known only in part
	keywords bool             // set -k: all words NAME=VALUE are variables of the command
	unnamed  bool             // some variable is an array, unknown which
	exports  bool             // set -a: all variables are exported
	inherits bool             // shopt -s localvar_inherit
	last     bool             // shopt -s lastpipe: the last command of a pipe runs in this shell
	capture  *value           // what descriptors that are copies of standard output have added; nil: nobody reads it
	exit     value            // what a trap runs at the end of this shell
	hooks    []value          // what traps run in between
	frame    *frame
	f        *follower
}

// variable is what is known of a variable.
type variable struct {
	val      value
	keys     value    // of an associative array
	lists    [][]word // as an array, the elements that it may have; nil: it is none
	integer  bool
	assoc    bool
	exported bool
	readonly bool
	ref      bool // declare -n
}

// word is one word of a command as the command gets it.
type word struct {
	text  string
	open  bool   // none or several of them
	split bool   // the shell cut it out of a longer text, so that one item becomes several words
	any   string // the texts that words of an open list may have, with NULs between; "" if only text is known
}

// sink is where a descriptor leads: to a command.
type sink struct {
	what    string
	run     func(st *state, stdin value) (printed value)
	lasting bool   // exec has opened it: several commands write to it
	reply   string // the descriptor from which what it prints can be read; "" for none
}

// functions are the bodies that a function may have. maybe: or there is none of that name.
type functions struct {
	bodies []*syntax.Stmt
	maybe  bool
}

// frame is a call of a function, or the script itself.
type frame struct {
	function string
	saved    map[string]variable // what local variables hide
	ends     []*state            // where it returns
	loops    [][]*state          // where break and continue leave loops
	depth    int
	caller   *frame
}

func (st *state) copy() *state {
	st.f.spend(1 + len(st.vars) + len(st.params))
	c := *st
	c.vars, c.funcs, c.aliases = maps.Clone(st.vars), maps.Clone(st.funcs), maps.Clone(st.aliases)
	c.files, c.sinks = maps.Clone(st.files), maps.Clone(st.sinks)
	c.params = slices.Clone(st.params)
	return &c
}

// merge makes st what is known where st and other meet.
func (f *follower) merge(st, other *state) {
	switch {
	case other.dead:
		st.out = f.either(st.out, other.out)
		return
	case st.dead:
		out := st.out
		*st = *other
		st.out = f.either(out, st.out)
		return
	}
	f.spend(len(st.vars) + len(other.vars))
	for name := range other.vars {
		if _, ok := st.vars[name]; !ok {
			st.vars[name] = variable{val: f.initial(name)}
		}
	}
	for name, a := range st.vars {
		b, ok := other.vars[name]
		if !ok {
			b = variable{val: f.initial(name)}
		}
		st.vars[name] = f.mergeVariable(a, b)
	}
	st.partly, st.keywords = st.partly || other.partly, st.keywords || other.keywords
	st.unnamed, st.exports, st.last = st.unnamed || other.unnamed, st.exports || other.exports, st.last || other.last
	st.params = f.mergeWords(st.params, other.params)
	mergeFunctions(st.funcs, other.funcs)
	for name, v := range other.aliases {
		st.aliases[name] = f.either(st.aliases[name], v)
	}
	for fd, v := range other.files {
		st.files[fd] = f.either(st.files[fd], v)
	}
	maps.Copy(st.sinks, other.sinks)
	st.stdin, st.out = f.either(st.stdin, other.stdin), f.either(st.out, other.out)
}

func mergeFunctions(to, other map[string]functions) {
	for name, a := range to {
		b, ok := other[name]
		a.maybe = a.maybe || b.maybe || !ok
		for _, body := range b.bodies {
			if !slices.Contains(a.bodies, body) {
				a.bodies = append(slices.Clone(a.bodies), body)
			}
		}
		to[name] = a
	}
	for name, b := range other {
		if _, ok := to[name]; !ok {
			b.maybe = true
			to[name] = b
		}
	}
}

func (f *follower) mergeVariable(a, b variable) variable {
	a.val = f.either(a.val, b.val)
	for _, list := range b.lists {
		if !slices.ContainsFunc(a.lists, func(l []word) bool { return slices.Equal(l, list) }) {
			a.lists = append(slices.Clone(a.lists), list)
		}
	}
	if len(a.lists) > mostTexts {
		a.lists = [][]word{{f.anyOf(a.lists...)}}
	}
	a.keys = f.either(a.keys, b.keys)
	a.readonly = a.readonly && b.readonly
	a.integer, a.exported, a.ref = a.integer || b.integer, a.exported || b.exported, a.ref || b.ref
	a.assoc = a.assoc && b.assoc
	return a
}

// mergeWords is the list that is one or the other.
func (f *follower) mergeWords(a, b []word) []word {
	if slices.Equal(a, b) {
		return a
	}
	return []word{f.anyOf(a, b)}
}

// anyOf is any number of words, each one of those in the lists.
func (f *follower) anyOf(lists ...[]word) word {
	var v value
	split := false
	for _, list := range lists {
		for _, w := range list {
			split = split || w.split
			if v = f.either(v, value{w.text}); w.any != "" {
				v = f.either(v, strings.Split(w.any, "\x00"))
			}
		}
	}
	out := word{open: true, split: split, any: strings.Join(v, "\x00")}
	if len(v) != 1 {
		v = f.blend(v)
	}
	out.text = v[0]
	return out
}

// sameState reports whether nothing new is known in b.
func (f *follower) sameState(a, b *state) bool {
	if a.dead != b.dead || len(a.vars) != len(b.vars) || !f.same(a.out, b.out) || !f.sameWords(a.params, b.params) {
		return false
	}
	for name, v := range a.vars {
		w, ok := b.vars[name]
		if !ok || !f.same(v.val, w.val) || len(v.lists) != len(w.lists) || v.integer != w.integer {
			return false
		}
		for i := range v.lists {
			if !f.sameWords(v.lists[i], w.lists[i]) {
				return false
			}
		}
	}
	return len(a.funcs) == len(b.funcs) && len(a.sinks) == len(b.sinks)
}

func (f *follower) sameWords(a, b []word) bool {
	return slices.EqualFunc(a, b, func(a, b word) bool { return a.open == b.open && f.same(value{a.text}, value{b.text}) })
}

// widen makes one mark of everything that differs between two rounds of a loop, so that the rounds come to an end.
func (f *follower) widen(before, after *state) {
	for name, v := range after.vars {
		old, ok := before.vars[name]
		if !ok || !f.same(v.val, old.val) {
			v.val = f.blend(v.val)
		}
		if !ok || len(v.lists) != len(old.lists) || !slices.EqualFunc(v.lists, old.lists, f.sameWords) {
			if v.lists != nil {
				v.lists = [][]word{{f.anyOf(v.lists...)}}
			}
		}
		after.vars[name] = v
	}
	if !f.sameWords(before.params, after.params) {
		after.params = []word{f.anyOf(after.params)}
	}
	if !f.same(before.out, after.out) {
		after.out = f.blend(after.out)
	}
}

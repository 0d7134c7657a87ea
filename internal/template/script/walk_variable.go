package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// assign visits a variable in front of a command or by itself.
func (w *walker) assign(a *syntax.Assign) {
	if a.Name != nil {
		w.refuseAll(a.Name, nameOfVariable, nameHint)
	}
	if a.Index != nil {
		w.subscript(a.Name.Value, a.Index, surroundings{})
	}
	if a.Value != nil {
		w.word(a.Value)
	}
	if a.Array == nil {
		return
	}
	for _, e := range a.Array.Elems {
		if e.Index != nil {
			w.subscript(a.Name.Value, e.Index, surroundings{})
		}
		if e.Value != nil {
			w.argument(e.Value)
		}
	}
}

// declare visits export, local and the like. A value is safe only if bash does not evaluate it, as it does
// for integers, references and arrays; of a variable that is an array already, package flow knows.
func (w *walker) declare(d *syntax.DeclClause) {
	unsafe := false
	for _, a := range d.Args {
		if a.Name != nil {
			continue
		}
		lit := a.Value.Lit()
		unsafe = unsafe || lit == "" || strings.Trim(lit, "-+xrgltupf") != ""
	}
	for _, a := range d.Args {
		switch {
		case a.Naked && a.Name == nil:
			w.refuseAll(a.Value, nameOfVariable, nameHint)
		case unsafe && a.Value != nil:
			for _, id := range w.standIns.Under(a.Value) {
				w.refuse(id, d.Variant.Value+" could evaluate the item as code here",
					"assign first, and declare in another command: x={}; "+d.Variant.Value+" x")
			}
		}
		w.assign(a)
	}
}

// redirect visits a redirection. The item may name a file or be a document.
func (w *walker) redirect(r *syntax.Redirect) {
	if r.N != nil {
		w.refuseAll(r.N, "the item cannot be a file descriptor", "")
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		w.refuseAll(r.Word, "the item cannot end a here-document", "")
		if r.Hdoc != nil {
			w.document(r)
		}
		return
	case syntax.DplIn, syntax.DplOut:
		w.refuseAll(r.Word, "the item cannot be a file descriptor", "for a file of that name, write > {} or < {}")
	case syntax.WordHdoc:
	case syntax.RdrOut, syntax.AppOut, syntax.RdrIn, syntax.RdrInOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
		for _, id := range w.directTokens(r.Word.Parts) {
			if o := w.occs[id]; w.batched && o.Literal == "" && o.Ref.PerItem() {
				w.refuse(id, "a batch cannot name one file to redirect to", oneItem)
			}
		}
	default:
		return
	}
	w.word(r.Word)
}

// document visits the body of a here-document. A quoted delimiter loses its quotes, and the $, ` and \ of
// the body are escaped instead.
func (w *walker) document(r *syntax.Redirect) {
	ids := w.standIns.Under(r.Hdoc)
	if len(ids) == 0 {
		return
	}
	if delim := r.Word.Lit(); delim == "" || strings.ContainsRune(delim, '\\') {
		a := resolve(r.Word)
		if a.dynamic || strings.Trim(a.text, words.BareChars) != "" || a.text == "" {
			w.refuse(ids[0], "the item cannot stand in a here-document with this delimiter", "use a plain word such as <<EOF")
			return
		}
		if !w.unquote(r, a.text) {
			w.refuse(ids[0], "the item cannot stand in this here-document", "write $(...) instead of backquotes")
			return
		}
	}
	w.parts(r.Hdoc.Parts, surroundings{double: true})
}

// unquote removes the quotes from the delimiter of a here-document, and puts backslashes into its text
// instead.
func (w *walker) unquote(r *syntax.Redirect, delim string) bool {
	lit, ok := r.Hdoc.Parts[0].(*syntax.Lit)
	start := int(r.Hdoc.Pos().Offset())
	if !ok || len(r.Hdoc.Parts) > 1 || !strings.HasPrefix(w.src.text[start:], lit.Value) {
		return false
	}
	from, to, err := w.src.span(r.Word)
	text := strings.NewReplacer(`\`, `\\`, "$", `\$`, "`", "\\`").Replace(lit.Value)
	if err != nil || w.backquotes > 0 && text != lit.Value {
		return false
	}
	w.src.replace(from, to, delim)
	w.src.replace(start, start+len(lit.Value), text)
	return true
}

package script

import (
	"strings"

	"fanout/internal/template/words"
)

// quoting is what surrounds a placeholder in a script.
type quoting uint8

const (
	unseen       quoting = iota // the walk has not reached it
	bare                        // no quotes
	inDouble                    // double quotes or a here-document
	inSingle                    // single quotes
	inANSI                      // $'…'
	inArithmetic                // arithmetic: no quotes, and the value is checked
	inComment                   // a comment, where it is text
)

// occurrence is one token in a script, and what the walk found out about it.
type occurrence struct {
	words.Token
	id       int
	quoting  quoting
	integer  bool // the item must be an integer
	spaced   bool // a blank may stand before the token
	repeated bool // the token's word is repeated for each item
	whole    bool // the token is all of its word
}

// expand returns an expansion of the variable for the occurrence's place, behind the text before.
func (o *occurrence) expand(variable, before string) string {
	exp := "${" + variable + "}"
	switch o.quoting {
	case bare:
		return `"` + exp + `"`
	case inSingle:
		return `'"` + exp + `"'`
	case inANSI:
		return `'"` + exp + `"$'`
	case inArithmetic:
		if o.spaced && before != "" && strings.ContainsAny(before[len(before)-1:], "+-") {
			return " " + exp // 1-{} is no decrement when the item is -1
		}
		return exp
	default:
		return exp
	}
}

// text returns what replaces a token without a parameter: in a comment the user's text, else the literal of
// {{}}.
func (o *occurrence) text() string {
	switch o.quoting {
	case inComment:
		return o.Source
	case bare:
		return "'" + o.Literal + "'"
	}
	return o.Literal
}

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"fanout/internal/persistent"
)

// Digest returns what two runs must share for one to continue the other: what is done with an item, and what an item
// is.
func (p *Plan) Digest() string {
	var more []any
	switch {
	case p.Template.Pipe && p.Template.Terminator != "\n":
		more = append(more, p.Template.Terminator)
	case p.Persistent && p.Protocol != persistent.Lines:
		more = append(more, p.Protocol)
	}
	if p.Input.Named {
		more = append(more, p.Template.Names)
	}
	return p.digest(more...)
}

// FormerDigest returns what Digest was in journals of format 1.
func (p *Plan) FormerDigest() string { return p.digest() }

func (p *Plan) digest(more ...any) string {
	var colSep string
	if p.Input.ColSep != nil {
		colSep = p.Input.ColSep.String()
	}
	var names []string // they matter only where fields have positions
	if rows := p.Template.Rows; rows != nil && !rows.Pick {
		names = rows.Names
	}
	text, _ := json.Marshal(append([]any{ // it cannot fail: there are only strings, numbers and booleans
		p.Template.Command, p.Template.Pipe, p.Persistent, p.Execute.ShellForced, p.Execute.Shell,
		p.Input.Format, p.Input.Header, colSep, names,
	}, more...))
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

package script

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// paths lists for each token the kinds of the nodes above it, without quotes. Splicing must not change them.
func paths(root syntax.Node, find func(syntax.Node) []string) map[string]string {
	out := map[string]string{}
	var stack []string
	syntax.Walk(root, func(n syntax.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		for _, name := range find(n) {
			if _, twice := out[name]; twice {
				out[name] = "twice"
				continue
			}
			var b strings.Builder
			for _, s := range stack {
				b.WriteString(s)
			}
			out[name] = b.String()
		}
		stack = append(stack, kindOf(n))
		return true
	})
	return out
}

// standInsOf lists the stand-ins in the text of a node.
func (c *compiler) standInsOf(n syntax.Node) []string {
	var ids []int
	switch n := n.(type) {
	case *syntax.Lit:
		ids = c.standIns.Tokens(n.Value)
	case *syntax.SglQuoted:
		ids = c.standIns.Tokens(n.Value)
	}
	var out []string
	for _, id := range ids {
		out = append(out, c.standIns.Token(id))
	}
	return out
}

const variableFirst = "put the item in a variable first: x={}"

// verify parses the spliced script once more, to guard against mistakes of fanout's own: each parameter must
// be where its placeholder was.
func (c *compiler) verify(s *Script, before map[string]string) error {
	f, err := parseScript(s.probe(), false)
	if err != nil {
		return &words.Error{Msg: "the item cannot be put into this script: " + err.Error(), Hint: variableFirst}
	}
	after := paths(f, func(n syntax.Node) []string {
		if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil && strings.HasPrefix(p.Param.Value, c.standIns.Prefix) {
			return []string{p.Param.Value}
		}
		return nil
	})
	for _, o := range s.occs {
		name := c.standIns.Token(o.id)
		if o.quoting == inComment || o.Literal != "" {
			continue
		}
		if after[name] == "" || after[name] != before[name] {
			return c.at(finding{id: o.id, msg: "the item cannot be put in here", hint: variableFirst})
		}
	}
	return nil
}

// kindOf names the kind of a node for paths. Quotes and text have no name.
func kindOf(n syntax.Node) string {
	switch n.(type) {
	case *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted:
		return ""
	}
	return fmt.Sprintf("%T/", n)
}

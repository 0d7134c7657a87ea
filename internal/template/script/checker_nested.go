package script

import (
	"slices"
	"strings"
)

// findNames refuses file names that find puts into the code of a shell: they begin with its starting points.
func (c *checker) findNames(before, rest []arg) {
	code, ids := codeIndex(rest), c.dataIn(before)
	if len(ids) == 0 || code == 0 || code == len(rest) || !strings.Contains(c.withLiterals(rest[code].text), "{}") {
		return
	}
	finders := []string{"find", "fd", "fdfind"}
	if slices.ContainsFunc(before, func(a arg) bool { return slices.Contains(finders, c.program(a)) }) {
		c.refuse(ids[0], "the shell would run the names of files below the item as code",
			`pass them as arguments: sh -c '... "$1" ...' sh {{}}`)
	}
}

// parameters checks how the code of a shell uses the arguments behind it.
func (c *checker) parameters(code arg, args []arg) {
	if code.dynamic || len(c.dataIn(args)) == 0 {
		return
	}
	f, err := parseScript(c.withLiterals(code.text), false)
	if err != nil {
		return
	}
	inner := analyse(f, c.standIns, c.occs, c.batched)
	for i, a := range args {
		for _, id := range c.data(a) {
			if inner.hasParam(inner.asCode, i) {
				c.refuse(id, "that shell would run the item as code", `use "$1" there only as an argument`)
			}
			if inner.hasParam(inner.asArithmetic, i) {
				c.refuse(id, "that shell would run code in the item, where it evaluates arithmetic",
					`write ${1//[!0-9]} there to keep only the digits`)
			}
		}
	}
}

// braces warns if {} is meant for find or xargs.
func (c *checker) braces(args []arg) {
	if name := c.program(args[0]); name != "find" && name != "xargs" {
		return
	}
	exec, mine, others := false, -1, false
	for i, a := range args[1:] {
		bare := len(a.ids) == 1 && a.text == c.standIns.token(a.ids[0])
		switch {
		case strings.HasPrefix(a.text, "-exec") || strings.HasPrefix(a.text, "-ok"):
			exec, mine, others = true, -1, false
		case a.text == ";" || a.text == "+":
			if exec && mine >= 0 && !others {
				c.warn(mine, "this is the item, not a file that find finds", "write {{}} for the file")
			}
			exec = false
		case (strings.HasPrefix(a.text, "-I") || bare && args[i].text == "-I") && len(c.data(a)) == 1:
			c.warn(a.ids[0], "xargs replaces the item here", "write {{}} for the {} of xargs, or another name such as %")
		case bare && c.occs[a.ids[0]].Literal != "":
			others = true
		case bare && c.occs[a.ids[0]].Source == "{}" && mine < 0:
			mine = a.ids[0]
		}
	}
}

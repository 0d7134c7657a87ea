package flow

import (
	_ "embed"
	"strings"
)

// variablesText is what fanout knows of variables of the environment. Its first lines explain the format.
//
//go:embed variables.txt
var variablesText string

// variableFact returns what is known of a variable: "arithmetic", "shell", "program NAME", or who runs its text; "" if
// nothing is.
func variableFact(name string) string {
	if name == "" {
		return ""
	}
	if n := strings.Index(variablesText, "\n"+name+":"); n >= 0 {
		line, _, _ := strings.Cut(variablesText[n+1+len(name)+1:], "\n")
		return strings.TrimSpace(line)
	}
	for at := 0; ; { // the lines with a star
		n := strings.IndexByte(variablesText[at:], '*')
		if n < 0 {
			return ""
		}
		at += n
		line := variablesText[strings.LastIndexByte(variablesText[:at], '\n')+1:]
		at++
		line, _, _ = strings.Cut(line, "\n")
		pattern, fact, ok := strings.Cut(line, ":")
		if ok && line[0] != '#' && like(pattern, arg{text: name}) {
			return strings.TrimSpace(fact)
		}
	}
}

// Special reports whether bash calculates with what is assigned to a variable.
func Special(name string) bool {
	return variableFact(name) == "arithmetic"
}

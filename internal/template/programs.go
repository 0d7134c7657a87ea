package template

import "fanout/internal/template/flow"

// CheckPrograms returns an error that names the first wrong line of a file with facts about programs.
func CheckPrograms(text string) error { return flow.CheckPrograms(text) }

// ProgramFacts returns the line of facts that counts for a program; the files of the user go before what fanout knows.
func ProgramFacts(name string, files ...string) (line string, known bool) {
	return flow.NewPrograms(files...).Line(name)
}

// AllProgramFacts returns all that fanout knows of programs, in the format of the user's files.
func AllProgramFacts() string { return flow.Known() }

package input

import "errors"

// Spec says where the items come from and what ends one.
type Spec struct {
	Sources   []Source // none: standard input
	Delimiter string   // ends an item: "\n", or "\x00" for -0; may be several bytes; unused by Shell
	SkipEmpty bool     // leave out empty items; with Link, rows of nothing but empty values
	Shell     bool     // --format shell: words split as xargs does
	Link      bool     // several sources are paired and stop at the shortest; else their product, the first the slowest
}

// Source is one list of values: arguments or a file.
type Source struct {
	Args   []string // the arguments after :::
	Path   string   // the FILE of -a or ::::, "-" for standard input
	IsFile bool     // Path counts, and not Args
}

const (
	stdinPath = "-"
	newline   = "\n"
)

// Validate reports what cannot work before anything is opened.
func (s Spec) Validate() error {
	switch {
	case s.Shell && s.Delimiter != "" && s.Delimiter != newline:
		return errors.New("a delimiter and the shell format exclude each other: blanks and newlines end its words; give only one of the two")
	case !s.Shell && s.Delimiter == "":
		return errEmptyDelimiter
	}
	stdin := 0
	for _, src := range s.Sources {
		switch {
		case !src.IsFile:
		case src.Path == "":
			return errors.New("the name of an input file is empty: name a file, or - for standard input")
		case src.Path == stdinPath:
			stdin++
		}
	}
	if stdin > 1 {
		return errors.New("standard input (-) is named twice as input: it can be read only once; put it in a file first")
	}
	return nil
}

// sources is what is read when nothing else is said.
func (s Spec) sources() []Source {
	if len(s.Sources) == 0 {
		return []Source{{Path: stdinPath, IsFile: true}}
	}
	return s.Sources
}

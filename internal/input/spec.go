package input

import (
	"errors"
	"fmt"
	"regexp"
)

// Spec describes the sources of items, and what ends an item.
type Spec struct {
	Sources   []Source // none: standard input
	Delimiter string   // ends an item: "\n", or "\x00" for -0; may be several bytes; only for Lines and Columns
	SkipEmpty bool     // leave out empty items; with Link, rows of nothing but empty values
	Commands  bool     // items are commands: leave out blank ones and comments; only for Lines of one source
	Format    Format
	Link      Link           // combines several sources
	Header    bool           // the first row has the names of the fields
	Named     bool           // where items are not rows, the first value of each source is its name
	ColSep    *regexp.Regexp // splits the lines of Columns
	Strict    bool           // a row that cannot be read ends the input
}

// Format says how to read the bytes of a source.
type Format uint8

// The formats. From Columns on, items are rows, and several sources are read one after the other.
const (
	Lines   Format = iota
	Shell          // words split as xargs does
	Columns        // lines, split by ColSep
	CSV
	TSV
	JSONL
)

// Rows reports whether items are rows.
func (f Format) Rows() bool { return f >= Columns }

// Source is one list of values: arguments or a file.
type Source struct {
	Args   []string // the arguments after :::
	Path   string   // the FILE of -a or ::::, "-" for standard input
	IsFile bool     // Path is used, not Args
}

const (
	stdinPath = "-"
	newline   = "\n"
)

// Validate refuses what cannot work, before anything is opened.
func (s Spec) Validate() error {
	switch {
	case s.Format <= Columns && s.Format != Shell && s.Delimiter == "":
		return errEmptyDelimiter
	case s.Format == Columns && s.ColSep.MatchString(""):
		return fmt.Errorf("--colsep %s: it matches the empty text; give an expression that matches at least one character",
			s.ColSep)
	}
	stdin := 0
	for _, src := range s.Sources {
		switch {
		case !src.IsFile:
		case src.Path == "":
			return errors.New("the name of an input file is empty; name a file, or - for standard input")
		case src.Path == stdinPath:
			stdin++
		}
	}
	if stdin > 1 {
		return errors.New("standard input (-) is named twice, but can be read only once; put it in a file first")
	}
	return nil
}

// sources adds the default, standard input.
func (s Spec) sources() []Source {
	if len(s.Sources) == 0 {
		return []Source{{Path: stdinPath, IsFile: true}}
	}
	return s.Sources
}

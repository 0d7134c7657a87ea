package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"fanout/internal/input"
	"fanout/internal/plan"
	"fanout/internal/text"

	"github.com/spf13/pflag"
)

// inputFlags say where items come from, and how they are read.
type inputFlags struct {
	files     []string
	null      bool
	delimiter string
	skipEmpty bool
	format    string
	link      string
	csv       bool
	tsv       bool
	jsonl     bool
	colSep    *regexp.Regexp
	header    bool
	strict    bool
}

func (*inputFlags) name() string { return "Input" }

func (f *inputFlags) register(set *pflag.FlagSet) {
	set.StringArrayVarP(&f.files, "input", "a", nil, "read items from `FILE`; - is standard input (repeatable)")
	set.BoolVarP(&f.null, "null", "0", false, "end items at NUL bytes instead of newlines")
	set.VarP(valueOf(&f.delimiter, "", input.ParseDelimiter), "delimiter", "d", "end items at `S`, in which \\n, \\t, \\0 and \\xHH are understood")
	set.BoolVar(&f.skipEmpty, "skip-empty", false, "skip empty items")
	set.Var(oneOf(&f.format, "lines", "shell"), "format", "read items as `FORMAT` lines (default), or shell (quoted words, as for xargs)")
	set.BoolVar(&f.csv, "csv", false, "read rows of CSV: {name} is a field by the header, {2} by number, {} the row")
	set.BoolVar(&f.tsv, "tsv", false, "read rows with tabs between fields; placeholders are those of --csv")
	set.BoolVar(&f.jsonl, "jsonl", false, "read one JSON object a line: {name} is a member, {name.within} one inside it")
	set.Var(valueOf(&f.colSep, "", columnSeparator), "colsep", "split each line at `REGEX` into the fields {1}, {2} and so on")
	header := valueOf(&f.header, "true", parseHeader)
	header.kind = "bool"
	set.Var(header, "header", "take names from the first row (default: CSV, TSV) or a source's first value")
	set.Lookup("header").NoOptDefVal = "true"
	set.BoolVar(&f.strict, "strict", false, "stop at a row that cannot be read, instead of failing its job alone")
	set.Var(linkValue(&f.link), "link", "pair sources item by item; `HOW` if unequal: equal (refuse), shortest or wrap")
	set.Lookup("link").NoOptDefVal = linkWays()[0]
}

// linkWays lists the values of --link in the order of [input.Link], from [input.Equal] on.
func linkWays() []string { return []string{"equal", "shortest", "wrap"} }

// linkValue returns the value of --link: one of the ways, or true or false.
func linkValue(to *string) *checked[string] {
	v := optionalOneOf(to, linkWays()...)
	way := v.parse
	v.parse = func(s string) (string, error) {
		if paired, err := strconv.ParseBool(s); err == nil && !paired {
			return "", nil
		} else if err == nil {
			s = linkWays()[0]
		}
		return way(s)
	}
	return v
}

// parseHeader parses true, false, or the colon that GNU parallel has.
func parseHeader(s string) (bool, error) {
	if s == ":" {
		return true, nil
	}
	return strconv.ParseBool(s)
}

func (f *inputFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.Input.SkipEmpty = f.skipEmpty
	if f.link != "" {
		p.Input.Link = input.Equal + input.Link(slices.Index(linkWays(), f.link))
	}
	p.Input.Delimiter = "\n"
	var files []input.Source
	for _, name := range f.files {
		files = append(files, input.Source{Path: name, IsFile: true})
	}
	p.Input.Sources = append(files, p.Input.Sources...)
	switch {
	case f.null:
		p.Input.Delimiter = "\x00"
	case given.Changed("delimiter"):
		p.Input.Delimiter = f.delimiter
	}
	if f.format == "shell" {
		p.Input.Format = input.Shell
	}
	for _, row := range []struct {
		given  bool
		format input.Format
	}{{f.csv, input.CSV}, {f.tsv, input.TSV}, {f.jsonl, input.JSONL}, {given.Changed("colsep"), input.Columns}} {
		if row.given {
			p.Input.Format = row.format
		}
	}
	p.Input.Header = f.header && (given.Changed("header") || !given.Changed("colsep"))
	p.Input.Named = f.header && given.Changed("header") && !p.Input.Format.Rows()
	p.Input.Strict = f.strict
	p.Input.ColSep = f.colSep
	return nil
}

// splitSources separates COMMAND from the sources after it: each ::: begins a list of items, and each word after ::::
// names a file of items.
func splitSources(args []string) (command []string, sources []input.Source, err error) {
	const items, files = ":::", "::::"
	mode := ""
	for _, arg := range args {
		switch {
		case arg == items:
			sources = append(sources, input.Source{})
			mode = arg
		case arg == files:
			mode = arg
		case mode != "" && (arg == ":::+" || arg == "::::+"):
			return nil, nil, fmt.Errorf("%s is not supported: to pair sources, write %s, and --link before COMMAND", text.Name(arg), strings.TrimSuffix(arg, "+"))
		case mode == items:
			last := &sources[len(sources)-1]
			last.Args = append(last.Args, arg)
		case mode == files:
			sources = append(sources, input.Source{Path: arg, IsFile: true})
		default:
			command = append(command, arg)
		}
	}
	if mode == files && len(sources) == 0 {
		return nil, nil, errors.New(`"::::": name a file after it`)
	}
	return command, sources, nil
}

// columnSeparator parses --colsep.
func columnSeparator(s string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(s)
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("it is not a regular expression (%s); write \\ before a character that stands for itself, as in '\\('", bad.Code)
	}
	return re, err
}

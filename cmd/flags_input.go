package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fanout/internal/input"
	"fanout/internal/plan"
	"fanout/internal/template"
	"fanout/internal/text"

	"github.com/spf13/pflag"
)

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
	set.StringArrayVarP(&f.files, "input", "a", nil, "read items from `FILE`, - is standard input (repeatable)")
	set.BoolVarP(&f.null, "null", "0", false, "items end with a NUL byte, not a newline")
	set.VarP(valueOf(&f.delimiter, "", input.ParseDelimiter), "delimiter", "d", "items end with `S`; \\n, \\t, \\0, \\xHH are understood")
	set.BoolVar(&f.skipEmpty, "skip-empty", false, "leave out empty items")
	set.Var(oneOf(&f.format, "lines", "shell"), "format", "`lines`, or shell: words in quotes as xargs reads them")
	set.BoolVar(&f.csv, "csv", false, "items are rows of CSV: {name} is a field by the header, {2} by its number, {} the row")
	set.BoolVar(&f.tsv, "tsv", false, "the same with tabs")
	set.BoolVar(&f.jsonl, "jsonl", false, "items are objects of JSON, a line each: {name}, {name.within}")
	set.Var(valueOf(&f.colSep, "", regexp.Compile), "colsep", "lines are split by `REGEX` into {1}, {2} and so on")
	header := valueOf(&f.header, "true", parseHeader)
	header.kind = "bool"
	set.Var(header, "header", "the first row names the fields (with --colsep only if given)")
	set.Lookup("header").NoOptDefVal = "true"
	set.BoolVar(&f.strict, "strict", false, "stop at a row that cannot be read; otherwise its job fails, and the others run")
	set.Var(linkValue(&f.link), "link", "pair sources of `equal` length, not all with all; =shortest stops early, =wrap repeats")
	set.Lookup("link").NoOptDefVal = linkWays()[0]
}

// linkWays is in the order of input.Link, from Equal on.
func linkWays() []string { return []string{"equal", "shortest", "wrap"} }

// linkValue is one of the ways, or a truth.
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

// parseHeader reads a truth or a colon, which is how parallel has it.
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
	case f.null && given.Changed("delimiter"):
		return errors.New("-0 and -d exclude each other: give only one of them")
	case f.null:
		p.Input.Delimiter = "\x00"
	case given.Changed("delimiter"):
		p.Input.Delimiter = f.delimiter
	}
	if f.format == "shell" {
		p.Input.Format = input.Shell
	}
	return f.applyRows(p, given)
}

// applyRows is for the formats whose items are rows.
func (f *inputFlags) applyRows(p *plan.Plan, given *pflag.FlagSet) error {
	chosen, format := "", p.Input.Format
	for _, row := range []struct {
		flag   string
		set    bool
		format input.Format
	}{
		{"--csv", f.csv, input.CSV}, {"--tsv", f.tsv, input.TSV}, {"--jsonl", f.jsonl, input.JSONL},
		{"--colsep", given.Changed("colsep"), input.Columns},
	} {
		switch {
		case !row.set:
			continue
		case chosen != "":
			return fmt.Errorf("%s and %s exclude each other: an item has one format", chosen, row.flag)
		case p.Input.Format != input.Lines:
			return fmt.Errorf("--format %s and %s exclude each other: an item has one format", f.format, row.flag)
		}
		chosen = row.flag
		format = row.format
	}
	for _, flag := range []string{"header", "strict"} {
		if given.Changed(flag) && (chosen == "" || flag == "header" && f.jsonl) {
			others := "--tsv or --colsep"
			if flag == "strict" {
				others = "--tsv, --jsonl or --colsep"
			}
			return fmt.Errorf("--%s is for rows: add --csv, %s", flag, others)
		}
	}
	p.Input.Format = format
	p.Input.Header = f.header && (given.Changed("header") || !given.Changed("colsep"))
	p.Input.Strict = f.strict
	p.Input.ColSep = f.colSep
	return nil
}

// splitSources parts COMMAND from the sources that follow it: each ::: begins a
// list of items, and each word after :::: names a file of them.
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
			return nil, nil, fmt.Errorf("%s is not known: to pair the sources, write %s, and --link before COMMAND", text.Name(arg), strings.TrimSuffix(arg, "+"))
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
		return nil, nil, errors.New(":::: is followed by no file")
	}
	return command, sources, nil
}

type templateFlags struct {
	batch  int
	pipe   bool
	dryRun bool
}

func (*templateFlags) name() string { return "Command" }

func (f *templateFlags) register(set *pflag.FlagSet) {
	set.VarP(valueOf(&f.batch, "1", batchSize), "batch", "n", "give each job `N` items; max: all that fit; even: so, but spread the last over the workers")
	set.BoolVar(&f.pipe, "pipe", false, "give the items on the job's standard input")
	set.BoolVar(&f.dryRun, "dry-run", false, "print what would run, and run nothing")
}

func (f *templateFlags) apply(p *plan.Plan, _ *pflag.FlagSet) error {
	p.Template.Pipe = f.pipe
	p.Template.Batch = f.batch
	p.DryRun = f.dryRun
	return nil
}

// batchSize reads -n.
func batchSize(s string) (int, error) {
	switch strings.ToLower(s) {
	case "max":
		return template.BatchMax, nil
	case "even":
		return template.BatchEven, nil
	}
	n, err := wholeFrom(1)(s)
	if err != nil {
		return 0, fmt.Errorf("%w, max or even", err)
	}
	return n, nil
}

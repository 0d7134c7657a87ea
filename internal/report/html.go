package report

import (
	"crypto/sha256"

	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"fanout/internal/text"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// view is what the page shows.
type view struct {
	*Summary
	Command   string
	Policy    string // what the browser may run and load: only what is in the page
	Style     template.CSS
	Script    template.JS
	Ends      []legend
	Timeline  timeline
	Histogram histogram
}

// legend is a way to end: its colour's class, and how many jobs ended so.
type legend struct {
	Class, Name string
	Jobs        int64
}

// writeHTML writes one page that needs nothing else.
func writeHTML(w io.Writer, j *Journal) error {
	t, err := count(j)
	if err != nil {
		return err
	}
	line, err := t.timeline(j)
	if err != nil {
		return err
	}
	s := t.summary(j.Name)
	v := view{
		Summary: s, Command: commandLine(s.Argv), Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		Policy:   "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src " + digest(pageCSS) + "; script-src " + digest(pageJS),
		Timeline: line, Histogram: newHistogram(t.seconds),
	}
	for i, name := range endings() {
		if n := t.ends[name]; n > 0 {
			v.Ends = append(v.Ends, legend{class(i), strings.ReplaceAll(name, "_", " "), n})
		}
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"human": text.Seconds, "figures": text.Three, "clock": clock, "plural": text.Plural, "mib": func(n int64) float64 { return float64(n) / (1 << 20) },
		"title": func(j Job) string { return strings.Join(j.Items, "\n") },
		"class": func(j Job) string { return class(endNumber(j.OK, j.Outcome)) },
	}).Parse(pageHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, v)
}

// digest allows what has it.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

package report

import (
	"crypto/sha256"
	_ "embed" // the page's parts
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

// view holds what the page shows.
type view struct {
	*Summary
	Command   string
	Policy    string // for the browser: it may run and load only what is in the page
	Style     template.CSS
	Script    template.JS
	Outcomes  []legend
	Timeline  timeline
	Histogram histogram
}

// legend is an outcome: the class that colours it, and how many jobs have it.
type legend struct {
	Class, Name string
	Jobs        int64
}

// writeHTML writes a page that needs no other files.
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
		Summary: s, Command: text.ShellWords(s.Argv), Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		Policy:   "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src " + digest(pageCSS) + "; script-src " + digest(pageJS),
		Timeline: line, Histogram: newHistogram(t.seconds),
	}
	for i, name := range outcomes {
		if n := t.counts[name]; n > 0 {
			v.Outcomes = append(v.Outcomes, legend{class(i), label(name), n})
		}
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"human": text.Seconds, "figures": text.Three, "stamp": stamp, "plural": text.Plural, "mib": func(n int64) float64 { return float64(n) / (1 << 20) },
		"title": func(j Job) string { return strings.Join(j.Items, "\n") },
		"class": func(j Job) string { return class(outcomeNumber(j.OK, j.Outcome)) },
	}).Parse(pageHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, v)
}

// digest returns the source by which a policy allows this part of the page.
func digest(part string) string {
	sum := sha256.Sum256([]byte(part))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

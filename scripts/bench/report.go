package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// render is what stands between the markers: the machine, the targets, the times and the commands.
func render(machine string, results []result) string {
	var b strings.Builder
	b.WriteString(wrap(machine))
	renderTargets(&b, results)
	renderTimes(&b, results)
	renderCommands(&b, results)
	return b.String()
}

func renderTargets(b *strings.Builder, results []result) {
	b.WriteString("\n### Targets\n\n")
	row(b, "work", "measure", "median", "min – max", "target", "met")
	row(b, "---", "---", "---:", "---:", "---:", "---")
	for _, r := range results {
		for _, t := range r.work.targets {
			v := judge(r, t)
			row(b, r.work.name, v.measure, v.median, v.spread, v.target, v.met)
		}
	}
}

func renderTimes(b *strings.Builder, results []result) {
	b.WriteString("\n### Times\n\n" +
		"Medians. A ratio is fanout's time per item divided by the other's, the median over pairs of neighbouring runs.\n" +
		"Slow rivals get fewer items and fewer runs, as the columns show; with few items their start-up weighs more.\n" +
		"CPU is user and system time, jobs included; peak memory is the runner's alone, jobs excluded.\n\n")
	row(b, "work", "program", "runs", "items", "wall", "CPU", "fanout ÷ it, wall", "fanout ÷ it, CPU", "peak memory")
	row(b, "---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:")
	for _, r := range results {
		if r.skipped != "" {
			row(b, r.work.name, "skipped: "+r.skipped, "", "", "", "", "", "", "")
		}
		for i, s := range r.series {
			switch {
			case s.absent:
				continue
			case s.err != nil:
				row(b, r.work.name, s.program, "failed", "", "", "", "", "", "")
				continue
			}
			wall, cpu := none, none
			if i > 0 {
				wall = ratio(perItemRatio(r.series[0], s, (*series).walls))
				cpu = ratio(perItemRatio(r.series[0], s, (*series).cpus))
			}
			row(b, r.work.name, s.program, fmt.Sprint(len(s.samples)), thousands(float64(s.items)),
				known(s.walls(), seconds), known(s.cpus(), seconds), wall, cpu,
				known(atLeastOne(s.memory()), peakMemory.format))
		}
	}
}

func renderCommands(b *strings.Builder, results []result) {
	b.WriteString("\n### Commands\n\n`floor` and `nothing` are built from `scripts/bench/c`.\n")
	for _, r := range results {
		fmt.Fprintf(b, "\n%s\n```sh\n%s\n", wrap(fmt.Sprintf("**%s**: %s.\n", r.work.name, r.work.about)), r.work.fanout.command)
		for _, c := range r.work.rivals {
			fmt.Fprintln(b, c.command)
		}
		if r.work.proof != nil {
			fmt.Fprintf(b, "%s # checked, not timed\n", r.work.proof.command)
		}
		b.WriteString("```\n")
	}
}

// wrap breaks lines of prose that are longer than those of all pages.
func wrap(prose string) string {
	const most = 120
	var b strings.Builder
	for line := range strings.Lines(prose) {
		column := 0
		for i, word := range strings.Fields(line) {
			width := utf8.RuneCountInString(word)
			switch {
			case i == 0:
			case column+1+width > most:
				b.WriteByte('\n')
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += width
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// row escapes what would end a cell.
func row(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
	}
	b.WriteString("|\n")
}

func known(values []float64, format func(float64) string) string {
	median := spreadOf(values).median
	if math.IsNaN(median) {
		return none
	}
	return format(median)
}

// ratio has two significant digits below 1, where most of the ratios to slow rivals are.
func ratio(values []float64) string {
	return known(values, func(v float64) string {
		if v < .095 {
			return fmt.Sprintf("%.2g", v)
		}
		return fmt.Sprintf("%.2f", v)
	})
}

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"fanout/internal/text"
)

// Style says what the output can show.
type Style struct {
	ASCII bool
	Color bool
}

// WriteText writes the table and the advice.
func (r *Report) WriteText(w io.Writer, style Style) error {
	var b strings.Builder
	runs := len(r.Rows[0].runs)
	fmt.Fprintf(&b, "%s", text.Plural(int64(r.Items), "item", "items"))
	if r.Jobs != r.Items {
		fmt.Fprintf(&b, " in %s", text.Plural(int64(r.Jobs), "job", "jobs"))
	}
	fmt.Fprintf(&b, " on %s", text.Plural(int64(r.CPUs), "CPU", "CPUs"))
	if runs > 1 {
		fmt.Fprintf(&b, ", the median of %d runs", runs)
	}
	threads := 1
	for _, row := range r.Rows {
		threads = max(threads, row.Threads)
	}
	fmt.Fprintf(&b, "\n\n%-10s  %3s", "MODE", "-j")
	if threads > 1 {
		fmt.Fprintf(&b, "  %9s", "--threads")
	}
	fmt.Fprintf(&b, "  %8s  %8s  %8s  %8s  %10s\n", "WALL", "ITEMS/S", "CPU", "SPEED-UP", "EFFICIENCY")
	top := 0.0
	for _, row := range r.Rows {
		top = max(top, row.Rate)
	}
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%-10s  %3d", row.Mode, row.Workers)
		if threads > 1 {
			fmt.Fprintf(&b, "  %9d", row.Threads)
		}
		line := bar(row.Rate/top, style.ASCII)
		if style.Color && row.Setting == r.Advice.Setting {
			line = "\x1b[32m" + line + "\x1b[m"
		}
		fmt.Fprintf(&b, "  %s  %8s  %s  %8s  %8.0f %%  %s\n", right(text.Seconds(row.Wall.Seconds())), text.Short(row.Rate),
			right(text.Seconds(row.CPU.Seconds())), text.Three(row.SpeedUp), 100*row.Efficiency, line)
	}
	fmt.Fprintf(&b, "\nAdvice: %s.\n", r.Advice.Text)
	_, err := io.WriteString(w, b.String())
	return err
}

// right aligns a cell to the right. It counts characters: µ has two bytes.
func right(s string) string {
	const width = 8
	return strings.Repeat(" ", max(0, width-len([]rune(s)))) + s
}

// bar draws a share of the fastest.
func bar(share float64, ascii bool) string {
	const width = 10 // a row has 79 columns
	if ascii {
		return strings.Repeat("#", max(1, int(width*share+0.5)))
	}
	eighths := max(1, int(8*width*share+0.5))
	drawn := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		drawn += string(rune('█' + 8 - rest)) // ▏ is one eighth
	}
	return drawn
}

// object is a Report as JSON. Times are in seconds.
type object struct {
	CPUs         int       `json:"cpus"`
	Items        int       `json:"items"`
	Jobs         int       `json:"jobs"`
	StartSeconds float64   `json:"start_seconds"`
	Rows         []rowJSON `json:"rows"`
	Advice       advice    `json:"advice"`
}

type rowJSON struct {
	Mode       string    `json:"mode"`
	Workers    int       `json:"workers"`
	Threads    int       `json:"threads"`
	Runs       []float64 `json:"run_seconds"`
	Wall       float64   `json:"wall_seconds"`
	CPU        float64   `json:"cpu_seconds"`
	Rate       float64   `json:"items_per_second"`
	SpeedUp    float64   `json:"speed_up"`
	Efficiency float64   `json:"efficiency"`
	Failed     int       `json:"failed"`
}

type advice struct {
	Mode    string `json:"mode"`
	Workers int    `json:"workers"`
	Threads int    `json:"threads"`
	Flags   string `json:"flags"`
	Bound   Bound  `json:"bound"`
	Text    string `json:"text"`
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	o := object{CPUs: r.CPUs, Items: r.Items, Jobs: r.Jobs, StartSeconds: r.Start.Seconds()}
	for _, row := range r.Rows {
		o.Rows = append(o.Rows, rowJSON{
			Mode: row.Mode, Workers: row.Workers, Threads: row.Threads, Runs: inSeconds(row.Walls()), Wall: row.Wall.Seconds(),
			CPU: row.CPU.Seconds(), Rate: row.Rate, SpeedUp: row.SpeedUp, Efficiency: row.Efficiency, Failed: row.Failed,
		})
	}
	a := r.Advice
	o.Advice = advice{Mode: a.Mode, Workers: a.Workers, Threads: a.Threads, Flags: a.Flags, Bound: a.Bound, Text: a.Text}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(o)
}

func inSeconds(all []time.Duration) []float64 {
	var out []float64
	for _, d := range all {
		out = append(out, d.Seconds())
	}
	return out
}

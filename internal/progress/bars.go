// Progress as bars: what a frame shows, from the numbers to the line.

package progress

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"fanout/internal/text"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

const (
	drawEvery = 100 * time.Millisecond
	drawAfter = 300 * time.Millisecond // a run that ends before needs no bars
	rowsMax   = 200
	rowsMin   = 6 // rows that are shown even if they leave no room for output above them
)

// bars draws, until ctx ends, a bar for the whole run and one for each job that runs.
func (p *Progress) bars(ctx context.Context, screen *Screen) {
	if p.spec.Hold {
		select {
		case <-ctx.Done():
			return
		case <-p.known:
		}
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(drawAfter):
	}
	d := newDrawing(p)
	d.look(screen)
	refresh := make(chan any)
	container := mpb.New(mpb.WithConsoleWriter(screen), mpb.WithManualRefresh(refresh))
	var rows []mpb.BarFiller
	for fromBottom := 1; fromBottom <= min(p.spec.Slots+1, rowsMax); fromBottom++ { // from the lowest row up
		rows = append(rows, mpb.BarFillerFunc(func(w io.Writer, st decor.Statistics) error {
			return d.row(w, fromBottom, st.AvailableWidth)
		}))
	}
	whole, err := container.Add(0, mpb.BarFillerFunc(d.whole),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return d.before() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return d.after() })),
		mpb.BarTopExtender(rows...),
	)
	tick := time.NewTicker(drawEvery)
	defer tick.Stop()
	for err == nil && ctx.Err() == nil {
		d.look(screen)
		refresh <- time.Now()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	if whole != nil {
		whole.Abort(true)
	}
	container.Shutdown()
}

// drawing draws the bars. Its methods return one part of a frame each.
type drawing struct {
	p       *Progress
	watcher watcher
	bar     mpb.BarFiller
	spinner mpb.BarFiller
	shown   atomic.Pointer[frame]
}

// frame is all numbers that one frame shows.
type frame struct {
	state
	rows   []Running
	more   int // running jobs without a row
	median time.Duration
	width  int
}

func newDrawing(p *Progress) *drawing {
	d := &drawing{p: p, watcher: watcher{p: p}}
	style, spinner := mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound(""), mpb.SpinnerStyle()
	if p.spec.ASCII {
		style, spinner = mpb.BarStyle(), mpb.SpinnerStyle(`|`, `/`, `-`, `\`)
	}
	d.bar, d.spinner = style.Build(), spinner.PositionLeft().Build()
	return d
}

// look takes the numbers for the next frame.
func (d *drawing) look(screen *Screen) {
	width, height, _ := screen.GetTermSize()
	v := &frame{state: d.watcher.now(), rows: d.p.sources.Running(), median: d.p.median(), width: width}
	slices.SortStableFunc(v.rows, func(a, b Running) int { return a.Slot - b.Slot })
	v.running = int64(len(v.rows))
	const others = 2 // lines: the bar of the run, and the cursor
	if room := min(height-others, max(rowsMin, height*2/3), rowsMax); len(v.rows) > room {
		room = max(0, room-1) // the last row says how many more there are
		v.more = len(v.rows) - room
		v.rows = v.rows[:room]
	}
	d.shown.Store(v)
}

// whole draws the bar of the run or, while the total is not known, a spinner.
func (d *drawing) whole(w io.Writer, st decor.Statistics) error {
	v := d.shown.Load()
	if v.total == 0 {
		return d.spinner.Fill(w, st)
	}
	st.Total, st.Current = v.total, v.done
	return d.bar.Fill(w, st)
}

// before returns what stands before the bar of the run.
func (d *drawing) before() string {
	v := d.shown.Load()
	if v.total == 0 {
		return fmt.Sprintf("%d done ", v.done)
	}
	return fmt.Sprintf("%3d%% %d of %d ", v.percent(), v.done, v.total)
}

// after returns what stands after it, as much as there is room for.
func (d *drawing) after() string {
	v := d.shown.Load()
	room := v.width - runewidth.StringWidth(d.before()) - 8
	line := ""
	parts := []string{"", "", "", text.Clock(v.elapsed)}
	if v.waiting > 0 {
		parts[1] = fmt.Sprintf("%d waiting", v.waiting)
	}
	if v.rate > 0 {
		parts[2] = text.Short(v.rate) + "/s"
	}
	if v.failed > 0 {
		parts[0] = fmt.Sprintf("%d failed", v.failed)
	}
	if v.left >= 0 && v.done < v.total {
		parts = append(parts, text.Clock(v.left)+" left")
	}
	for i, part := range parts {
		if part == "" {
			continue
		}
		if room -= len(part) + 2; room < 0 {
			break
		}
		if i == 0 {
			part = d.red(part)
		}
		line += "  " + part
	}
	return line
}

// row draws a line above the bar of the run, counted from below.
func (d *drawing) row(w io.Writer, fromBottom, width int) error {
	v := d.shown.Load()
	if v.more > 0 {
		if fromBottom == 1 {
			_, err := fmt.Fprintf(w, "%s\n", runewidth.Truncate(fmt.Sprintf("     + %d more", v.more), width-1, ""))
			return err
		}
		fromBottom--
	}
	at := len(v.rows) - fromBottom
	if at < 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s\n", d.describe(v, v.rows[at], width-1))
	return err
}

// describe returns a job in width columns: its slot, its item, how long it has run, and that as a bar, of its timeout
// or else of the median.
func (d *drawing) describe(v *frame, r Running, width int) string {
	const barWidth, least = 12, 24
	of := d.p.spec.Timeout
	tail := text.Clock(r.For)
	if r.For < 10*time.Second {
		tail = fmt.Sprintf("%.1fs", r.For.Seconds())
	}
	switch {
	case of > 0:
		tail += " of " + text.Clock(of)
	case v.median > 0:
		of = v.median
	}
	if r.Attempt > 1 {
		tail = fmt.Sprintf("attempt %d  %s", r.Attempt, tail)
	}
	tail = fmt.Sprintf("  %7s", tail)
	if of > 0 && width >= least+barWidth+len(tail) {
		tail += "  " + d.gauge(float64(r.For)/float64(of), barWidth)
	}
	head := fmt.Sprintf("%4d ", r.Slot)
	room := width - len(head) - runewidth.StringWidth(tail)
	label, more := text.Printable(strings.ReplaceAll(r.Label, "\t", " "), labelMax), "…"
	if d.p.spec.ASCII {
		label, more = ascii(r.Label), "~"
	}
	if room < 1 {
		return runewidth.Truncate(head+label, max(0, width), "")
	}
	label = runewidth.Truncate(label, room, more)
	return head + runewidth.FillRight(label, room) + tail
}

// labelMax is more than any terminal has columns.
const labelMax = 1000

// gauge returns a bar of width columns.
func (d *drawing) gauge(part float64, width int) string {
	full := min(width, max(0, int(part*float64(width))))
	if d.p.spec.ASCII {
		return strings.Repeat("=", full) + strings.Repeat("-", width-full)
	}
	return strings.Repeat("━", full) + strings.Repeat("─", width-full)
}

// red colours s, where colours are wanted.
func (d *drawing) red(s string) string {
	if !d.p.spec.Color {
		return s
	}
	return "\x1b[31m" + s + "\x1b[0m"
}

// ascii replaces all other characters.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// columns returns how wide a line is on the terminal.
func columns(line []byte) int {
	width := 0
	for text := string(line); text != ""; {
		if strings.HasPrefix(text, "\x1b[") {
			_, text, _ = strings.Cut(text, "m")
			continue
		}
		head, rest, _ := strings.Cut(text, "\x1b")
		width += runewidth.StringWidth(strings.TrimRight(head, "\n"))
		if rest == "" {
			break
		}
		text = "\x1b" + rest
	}
	return width
}

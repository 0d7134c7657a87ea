// Progress as lines for people, and as objects for programs.

package progress

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"fanout/internal/text"
)

const (
	lineEvery = 5 * time.Second
	lateAfter = 10 * time.Second // a run takes long that takes longer
	lookEvery = 250 * time.Millisecond
)

// plain writes a line every 5 seconds and at each tenth that is done, but at most one a second.
func (p *Progress) plain(ctx context.Context, out io.Writer) {
	w := watcher{p: p}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last, tenth := time.Duration(0), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := w.now()
		if p.spec.Mode == Late && s.elapsed < lateAfter {
			tenth = s.percent() / 10
			continue
		}
		if since := s.elapsed - last; since < lineEvery && (since < time.Second || s.percent()/10 <= tenth) {
			continue
		}
		last, tenth = s.elapsed, max(tenth, s.percent()/10)
		text.Line(out, "%s", s.line())
	}
}

// line returns the state in words.
func (s state) line() string {
	line := fmt.Sprintf("%d done", s.done)
	if s.total > 0 {
		line = fmt.Sprintf("%d of %d done, %d%%", s.done, s.total, s.percent())
	}
	if s.skipped > 0 {
		line += fmt.Sprintf(", %d of them in an earlier run", s.skipped)
	}
	if s.failed > 0 {
		line += fmt.Sprintf(", %d failed", s.failed)
	}
	line += fmt.Sprintf(", %d running", s.running)
	if s.waiting > 0 {
		line += fmt.Sprintf(", %d waiting", s.waiting)
	}
	line += fmt.Sprintf(", %s/s, %s", text.Short(s.rate), text.Clock(s.elapsed))
	if s.left >= 0 && s.done < s.total {
		line += ", about " + text.Clock(s.left) + " left"
	}
	return line
}

// object is a state for programs.
type object struct {
	Time    string   `json:"time"`
	Elapsed float64  `json:"elapsed_seconds"`
	Done    int64    `json:"done"`
	Skipped int64    `json:"skipped"`
	Failed  int64    `json:"failed"`
	Running int64    `json:"running"`
	Total   *int64   `json:"total"`
	Waiting int64    `json:"waiting"`
	Rate    float64  `json:"jobs_per_second"`
	Left    *float64 `json:"eta_seconds"`
	Last    bool     `json:"last"`
}

// json writes an object a second, and a last one at the end.
func (p *Progress) json(ctx context.Context, out io.Writer) {
	w := watcher{p: p}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	lines := json.NewEncoder(out)
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-tick.C:
		}
		s := w.now()
		o := object{
			Time:    time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
			Elapsed: float64(s.elapsed.Milliseconds()) / 1000,
			Done:    s.done, Skipped: s.skipped, Failed: s.failed, Running: s.running, Waiting: s.waiting,
			Rate: float64(int64(s.rate*1000)) / 1000, Last: ended,
		}
		if s.total > 0 {
			o.Total = &s.total
		}
		if s.left >= 0 {
			left := float64(s.left.Milliseconds()) / 1000
			o.Left = &left
		}
		lines.Encode(o) // whoever does not read it does not want it
	}
}

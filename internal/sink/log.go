package sink

import (
	"context"
	"io"
	"log/slog"

	"fanout/internal/job"
	"fanout/internal/text"
)

// Log returns an observer that logs every job with log/slog: at Debug that it has started, at Info that it has
// succeeded, at Warn that it is retried or has failed, at Error that its outcome is unknown.
func Log(w io.Writer, level slog.Level, asJSON bool) func(*job.Event) {
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if asJSON {
		handler = slog.NewJSONHandler(w, options)
	}
	l := slog.New(handler)
	return func(ev *job.Event) {
		level, message := levelOf(ev)
		if !l.Enabled(context.Background(), level) {
			return
		}
		const itemMax = 200
		attrs := []slog.Attr{
			slog.Int64("seq", ev.Job.Seq()), slog.String("item", text.Printable(ev.Job.Label(), itemMax)),
			slog.Int("attempt", max(1, ev.Job.Attempt)), slog.Int("worker", worker(ev)),
		}
		if n := len(ev.Job.Items); n > 1 {
			attrs = append(attrs, slog.Int("items", n))
		}
		if ev.Kind != job.Started {
			attrs = append(attrs, slog.Float64("seconds", ev.Status.Usage.Wall.Seconds()))
			if ev.Status.Host != "" {
				attrs = append(attrs, slog.String("host", text.Printable(ev.Status.Host, itemMax)))
			}
			if !ev.Status.OK() {
				attrs = append(attrs, slog.String("error", text.Printable(ev.Status.String(), lineMax)))
			}
		}
		l.LogAttrs(context.Background(), level, message, attrs...)
	}
}

// worker returns the worker that ran the job or, before it is known, the slot.
func worker(ev *job.Event) int {
	if ev.Kind == job.Started || ev.Status.Worker == 0 {
		return ev.Job.Slot
	}
	return ev.Status.Worker
}

func levelOf(ev *job.Event) (level slog.Level, text string) {
	switch {
	case ev.Kind == job.Started:
		return slog.LevelDebug, "job started"
	case ev.Kind == job.Retried:
		return slog.LevelWarn, "job is retried"
	case ev.Status.OK():
		return slog.LevelInfo, "job succeeded"
	case ev.Status.Outcome == job.Stopped:
		return slog.LevelWarn, "job stopped"
	case ev.Status.Outcome == job.Lost:
		return slog.LevelError, "job lost"
	default:
		return slog.LevelWarn, "job failed"
	}
}

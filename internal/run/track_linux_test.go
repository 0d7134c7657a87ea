package run

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A signal that comes before the command's process is known is passed on all the same.
func TestTrackedEarly(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	tracked, err := NewTracked(TrackSpec{Argv: []string{"sleep", "1000"}, Grace: time.Second, RunID: strings.Repeat("0badcafe", 4)})
	if err != nil {
		t.Fatal(err)
	}
	tracked.Signal(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	end, err := tracked.Do(ctx, func() bool { return false })
	if err != nil || end.DiedOf != syscall.SIGTERM || ctx.Err() != nil {
		t.Errorf("%+v, %v, %v", end, err, ctx.Err())
	}
}

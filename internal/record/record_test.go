package record

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/job"
)

// TestAppend has what is written read back as it was, byte for byte.
func TestAppend(t *testing.T) {
	var all strings.Builder
	for c := range 256 {
		all.WriteByte(byte(c))
	}
	for _, item := range []string{
		"", "plain", "a b", "$(rm -rf ~)", "two\nlines", "\x00", "\t\r\n\\\"'`", "é", "\u2028", "\x7f", "\xff", "a\xc3", "\xed\xa0\x80", all.String(), all.String()[:128],
	} {
		j := job.Job{Index: 3, Offset: 4, Attempt: 2, Items: []job.Item{{Seq: 1, Fields: []string{item}}, {Seq: 2, Fields: []string{"x" + item}}}}
		d := &job.Finished{Job: j, Ended: time.Unix(1000, 1_500_000), Status: job.Status{
			Outcome: job.Signaled, Signal: syscall.SIGKILL, Worker: 5,
			Usage: job.Usage{Wall: 1500 * time.Millisecond, User: time.Microsecond, System: time.Second, MaxRSS: 1 << 40},
		}}
		b := AppendItems([]byte("{"), j)
		b = AppendOutcome(b, d, "a host")
		b = append(b, '}')
		var got Line
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%q: %v\n%s", item, err, b)
		}
		if got.Seq != 7 || len(got.Items) != 2 || string(got.Items[0]) != item || string(got.Items[1]) != "x"+item {
			t.Errorf("%q: %+v", item, got)
		}
		if got.OK || got.Outcome != "signaled" || got.ExitCode != nil || *got.Signal != "SIGKILL" || got.Error != "killed by SIGKILL" ||
			got.Attempts != 2 || got.Host != "a host" || got.Worker != 5 || got.Seconds != 1.5 || got.UserSeconds != 1e-6 || got.SystemSeconds != 1 || got.MaxRSS != 1<<40 {
			t.Errorf("%+v", got)
		}
		if !got.Start.Equal(time.Unix(998, 501_000_000)) {
			t.Errorf("%v", got.Start)
		}
	}
}

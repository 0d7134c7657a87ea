package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fanout/internal/record"
)

// FuzzRead checks that any bytes are read to their end or refused.
func FuzzRead(f *testing.F) {
	for i, text := range hostile[:len(hostile)-1] {
		f.Add(appendLine(nil, ended(i%2 == 0, item(int64(i+1), text), item(100, "x")), "h"))
	}
	f.Add([]byte(`{"seq":1,"items":[""],"at":[1,2],"id":["AAAAAAAAAAAAAAAA","AAAAAAAAAAAAAAAA"],"ok":true,"x":1}`))
	f.Add([]byte(`{"seq":1,"items":[""],"at":[1],"id":["AAAAAAAAAAAAAAAA"],"program":7,"ok":true,"x":1}`))
	f.Add([]byte(`{"taken_back":[1,7],"error":"","time":"2026-01-02T03:04:05.000Z"}`))
	f.Add([]byte(`{"seq":1,"items":[],"at":[1],"id":["AAAAAAAAAAAAAAAA"],"ok":true,}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rd := reader{index: newIndex()}
		err := rd.read(bytes.NewReader(slices.Concat([]byte("{\"journal\":1}\n"), text)))
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Error(err)
		}
	})
}

// FuzzLine checks that quick and slow read each line as it was written.
func FuzzLine(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, "more", int64(i+1), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, one, two string, place int64, ok bool) {
		place = max(1, place&(1<<59-1))
		d := ended(ok, item(place, one, two), item(place+1, two))
		d.Status.Program = len(one)
		line := bytes.TrimSuffix(appendLine(nil, d, "h"), []byte("\n"))
		var l record.Line
		if err := json.Unmarshal(line, &l); err != nil || string(l.Items[0]) != one || string(l.Items[1]) != two {
			t.Errorf("%q, %q: %s, %v", one, two, line, err)
		}
		quick, slow := reader{index: newIndex()}, reader{index: newIndex()}
		if !quick.quick(line) || slow.slow(line) != nil || quick.last != slow.last || quick.programs != slow.programs ||
			!maps.EqualFunc(maps.Collect(quick.index.pages.All()), maps.Collect(slow.index.pages.All()), func(a, b *page) bool { return *a == *b }) {
			t.Errorf("%q, %q: %s is read in two ways", one, two, line)
		}
	})
}

// BenchmarkRead measures what a resumed run reads of each job before it begins.
func BenchmarkRead(b *testing.B) {
	var text []byte
	const jobs = 100_000
	text = appendHeader(text, record.Header{Format: 1, Time: time.Now()})
	for i := range int64(jobs) {
		text = appendLine(text, ended(true, item(i+1, fmt.Sprintf("some/path/file-%d.png", i))), "host")
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		rd := reader{index: newIndex()}
		if err := rd.read(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(jobs)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mjobs/s")
}

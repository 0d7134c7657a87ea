package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// machine runs jobs as its owner says, in the time of a bubble.
type machine struct {
	cpus    int
	items   int           // that there are
	compute time.Duration // of each job, on one of the CPUs
	wait    time.Duration // and beside that
	start   time.Duration
	extra   time.Duration // that each job takes longer in process mode
	fails   int           // of the jobs
	jobs    int           // that the items make for a worker; 0: one each
	broken  string        // the mode that cannot run

	ran map[Setting]int
}

func (m *machine) Run(ctx context.Context, s Setting, items int) (Took, error) {
	if s.Mode == m.broken {
		return Took{}, errors.New("it does not run")
	}
	m.ran[s]++
	n := min(items, m.items)
	one := m.compute
	if s.Mode == "process" {
		one += m.extra
	}
	atOnce := time.Duration(min(n, s.Workers*s.Threads))
	if atOnce == 0 {
		return Took{}, nil
	}
	all := time.Duration(n)
	wall := max(all*(one+m.wait)/atOnce, all*one/min(atOnce, time.Duration(m.cpus)))
	time.Sleep(wall)
	jobs := n
	if m.jobs > 0 {
		jobs = m.jobs * s.Workers
	}
	return Took{Items: n, Jobs: jobs, Failed: min(m.fails, n), Wall: wall, CPU: all * one}, context.Cause(ctx)
}

func (m *machine) Start(context.Context) (time.Duration, error) { return m.start, nil }

// measure measures a machine, and returns what it was told.
func measure(m *machine, spec Spec) (r *Report, warned []string, took time.Duration, err error) {
	m.ran = map[Setting]int{}
	spec.CPUs = m.cpus
	if spec.Modes == nil {
		spec.Modes = []string{"thread", "process"}
	}
	spec.Threads = max(1, spec.Threads)
	if spec.Items == 0 {
		spec.Items = 100_000
	}
	if spec.Time == 0 {
		spec.Time = 10 * time.Second
	}
	spec.Tell = func(string) {}
	spec.Warn = func(what string) { warned = append(warned, what) }
	began := time.Now()
	r, err = Measure(context.Background(), spec, m)
	return r, warned, time.Since(began), err
}

// settings returns the settings of the rows, in order.
func (r *Report) settings() string {
	var all []string
	for _, row := range r.Rows {
		all = append(all, fmt.Sprintf("%.1s%d", row.Mode, row.slots()))
	}
	return strings.Join(all, " ")
}

func TestMeasure(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name     string
		machine  machine
		spec     Spec
		items    int
		settings string
		flags    string
		bound    Bound
		stopped  Stopped
		text     string
	}{
		{"CPU", machine{cpus: 4, items: 1e6, compute: 10 * ms, extra: ms}, Spec{}, 64, "s1 t2 p2 t4 p4 t8 p8", "-j 4", CPU, NoGain, "4.00 times as fast as one after the other; bound by CPU: a job computes 100 %"},
		{"waiting", machine{cpus: 2, items: 1e6, compute: ms, wait: 99 * ms}, Spec{}, 8, "s1 t2 p2 t4 p4 t8 p8", "-j 8", Waiting, OutOfItems, "computes 1 % of its time; more than 8 at a time may be faster"},
		{"waiting, in the end for CPU", machine{cpus: 2, items: 1e6, compute: ms, wait: 3 * ms}, Spec{}, 208, "s1 t2 p2 t4 p4 t8 p8 t16 p16", "-j 8", Waiting, NoGain, "8.00 times"},
		{"start-up", machine{cpus: 2, items: 1e6, compute: ms, start: 800 * time.Microsecond}, Spec{}, 833, "s1 t2 p2 t4 p4", "-j 2", StartUp, NoGain, "takes 800 µs of the 1.00 ms of a job; use -n"},
		{"start-up, one item a job", machine{cpus: 2, items: 1e6, compute: ms, start: 800 * time.Microsecond}, Spec{Alone: true}, 833, "s1 t2 p2 t4 p4", "-j 2", StartUp, NoGain, "takes 800 µs of the 1.00 ms of a job"},
		{"one CPU", machine{cpus: 1, items: 1e6, compute: ms}, Spec{}, 833, "s1 t2 p2", "-j 1", CPU, NoGain, "-j 1: more at a time is not faster"},
		{"processes are faster", machine{cpus: 2, items: 1e6, compute: 10 * ms, extra: -5 * ms}, Spec{}, 64, "s1 t2 p2 t4 p4", "--mode process -j 2", CPU, NoGain, "4.00 times"},
		{"few items", machine{cpus: 2, items: 3, wait: ms}, Spec{}, 3, "s1 t2 p2 t3 p3", "-j 3", Waiting, Most, ""},
		{"a small sample", machine{cpus: 2, items: 1e6, wait: ms}, Spec{Items: 5}, 5, "s1 t2 p2 t4 p4 t5 p5", "-j 5", Waiting, OutOfItems, ""},
		{"no more workers than", machine{cpus: 2, items: 1e6, wait: ms}, Spec{Most: 6}, 833, "s1 t2 p2 t4 p4 t6 p6", "-j 6", Waiting, Most, "computes 0 % of its time"},
		{"no more workers than two of many CPUs", machine{cpus: 16, items: 1e6, compute: ms}, Spec{Most: 2}, 833, "s1 t2 p2", "-j 2", CPU, Most, ""},
		{"six of many CPUs", machine{cpus: 16, items: 1e6, compute: ms}, Spec{Most: 6}, 833, "s1 t3 p3 t6 p6", "-j 6", CPU, Most, ""},
		{"a batch for each worker", machine{cpus: 2, items: 1e6, compute: ms, jobs: 1}, Spec{Splits: true}, 833, "s1 t2 p2 t4 p4", "-j 2", CPU, NoGain, ""},
		{"one mode", machine{cpus: 2, items: 1e6, compute: ms}, Spec{Modes: []string{"process"}, Threads: 2}, 833, "s1 p4 p8", "--mode process -j 2 --threads 2", CPU, NoGain, ""},
		{"persistent", machine{cpus: 2, items: 1e6, compute: ms}, Spec{Modes: []string{"persistent"}}, 833, "s1 p2 p4", "--persistent -j 2", CPU, NoGain, ""},
		{"slow", machine{cpus: 2, items: 1e6, wait: time.Minute}, Spec{}, 8, "s1 t2 p2", "-j 2", Waiting, OutOfTime, "more than 2 at a time may be faster"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, warned, took, err := measure(&tt.machine, tt.spec)
				if err != nil {
					t.Fatal(err)
				}
				if got := r.settings(); r.Items != tt.items || got != tt.settings || r.Stopped != tt.stopped {
					t.Errorf("%d items, %s, stopped by %d; want %d, %s, %d", r.Items, got, r.Stopped, tt.items, tt.settings, tt.stopped)
				}
				if a := r.Advice; a.Flags != tt.flags || a.Bound != tt.bound || !strings.Contains(a.Text, tt.text) {
					t.Errorf("advice %q, %s: %s; want %q, %s: %s", a.Flags, a.Bound, a.Text, tt.flags, tt.bound, tt.text)
				}
				// Slow items take as long as they do, and that is said.
				if slow := tt.machine.wait >= time.Minute; slow != (len(warned) == 1) || !slow && took > 11*time.Second {
					t.Errorf("took %v; warnings %q", took, warned)
				}
				for _, row := range r.Rows[1:] {
					if n := tt.machine.ran[row.Setting]; n != len(row.runs) || n > roundsMax {
						t.Errorf("%s ran %d times, and %d count", row.Setting, n, len(row.runs))
					}
				}
			})
		})
	}
}

func TestMeasureRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		machine machine
		spec    Spec
		want    string
	}{
		{"no items", machine{cpus: 2}, Spec{}, "no items"},
		{"one item", machine{cpus: 2, items: 1, wait: 1}, Spec{}, "the sample has one item"},
		{"a sample of one", machine{cpus: 2, items: 9, wait: 1}, Spec{Items: 1}, "the sample has one item"},
		{"all fail", machine{cpus: 2, items: 9, wait: 1, fails: 9}, Spec{}, "all 9 jobs failed"},
		{"does not run", machine{cpus: 2, items: 9, wait: 1, broken: "process"}, Spec{}, "process -j 2: it does not run"},
	} {
		synctest.Test(t, func(t *testing.T) {
			if _, _, _, err := measure(&tt.machine, tt.spec); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
		})
	}
}

func TestMeasureStopped(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("told to")
	cancel(why)
	m := &machine{cpus: 2, items: 9, ran: map[Setting]int{}}
	_, err := Measure(ctx, Spec{CPUs: 2, Items: 9, Time: 1, Tell: func(string) {}}, m)
	if !errors.Is(err, why) || len(m.ran) > 0 {
		t.Errorf("%v, after %v", err, m.ran)
	}
}

func TestWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, _, err := measure(&machine{cpus: 2, items: 40, compute: 10 * time.Millisecond}, Spec{})
		if err != nil {
			t.Fatal(err)
		}
		var text, object bytes.Buffer
		r.WriteText(&text, Style{ASCII: true})
		const want = `40 items on 2 CPUs, the median of 7 runs

MODE         -j      WALL   ITEMS/S       CPU  SPEED-UP  EFFICIENCY
sequential    1    400 ms       100    400 ms      1.00       100 %  #####
thread        2    200 ms       200    400 ms      2.00       100 %  ##########
process       2    200 ms       200    400 ms      2.00       100 %  ##########
thread        4    200 ms       200    400 ms      2.00        50 %  ##########
process       4    200 ms       200    400 ms      2.00        50 %  ##########

Advice: -j 2, which is 2.00 times as fast as one after the other; bound by CPU: a job computes 100 % of its time.
`
		if text.String() != want {
			t.Errorf("%s\nwant\n%s", &text, want)
		}
		r.WriteJSON(&object)
		var got struct {
			CPUs, Items, Jobs int
			Rows              []map[string]any
			Advice            map[string]any
		}
		if err := json.Unmarshal(object.Bytes(), &got); err != nil || got.CPUs != 2 || got.Items != 40 || got.Jobs != 40 || len(got.Rows) != 5 ||
			got.Rows[1]["speed_up"] != 2.0 || got.Rows[1]["wall_seconds"] != 0.2 || len(got.Rows[1]["run_seconds"].([]any)) != 7 || got.Advice["flags"] != "-j 2" {
			t.Errorf("%s: %v", &object, err)
		}
	})
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{1: strings.Repeat("█", 10), 0.5: strings.Repeat("█", 5), 0.0001: "▏", 1.5 / 80: "▎", 7.0 / 80: "▉"} {
		if got := bar(share, false); got != want {
			t.Errorf("%v: %s, want %s", share, got, want)
		}
	}
}

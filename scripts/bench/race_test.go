package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func testBench(t *testing.T) *bench {
	return &bench{tmp: t.TempDir(), options: options{only: regexp.MustCompile("")}, progress: io.Discard}
}

// logging is a contestant that adds its letter to a file when it runs.
func logging(path, letter string) contestant {
	script := "printf " + letter + " >> '" + path + "'"
	return contestant{command: plain("sh", "-c", script), items: 1, check: nothing, label: letter}
}

func TestTurns(t *testing.T) {
	b := testBench(t)
	log := filepath.Join(b.tmp, "log")
	once := logging(log, "C")
	once.rounds = 1
	w := work{
		name: "turns", fanout: logging(log, "A"), rivals: []contestant{logging(log, "B"), once},
		rounds: 3, timeout: time.Minute,
	}
	r := b.race(t.Context(), w)
	if err := failures([]result{r}); err != nil {
		t.Fatal(err)
	}
	// A warm-up of all, then rounds in turn, the last without the rival that is held to one.
	if got, _ := os.ReadFile(log); string(got) != "CBAABCBAAB" {
		t.Errorf("order: %s", got)
	}
	for i, want := range []int{3, 3, 1} {
		if got := len(r.series[i].samples); got != want {
			t.Errorf("series %d has %d samples, not %d", i, got, want)
		}
	}
}

func TestFailureOfRivalAndOfFanout(t *testing.T) {
	b := testBench(t)
	good := contestant{command: plain("true"), items: 1, check: nothing}
	bad := contestant{command: plain("sh", "-c", "exit 9"), items: 1, check: nothing}
	r := b.race(t.Context(), work{name: "rival", fanout: good, rivals: []contestant{bad}, rounds: 2, timeout: time.Minute})
	if len(r.series[0].samples) != 2 || r.series[1].err == nil {
		t.Errorf("rival fails: %+v", r)
	}
	if err := failures([]result{r}); err == nil || !strings.Contains(err.Error(), "exit status 9") {
		t.Errorf("failures = %v", err)
	}
	r = b.race(t.Context(), work{name: "fanout", fanout: bad, rivals: []contestant{good}, rounds: 2, timeout: time.Minute})
	if r.series[0].err == nil || len(r.series[1].samples) != 0 {
		t.Errorf("fanout fails: %+v", r)
	}
}

func TestSkipsAndPreparation(t *testing.T) {
	b := testBench(t)
	b.options.quick = true
	good := contestant{command: plain("true"), items: 1, check: nothing}
	if r := b.race(t.Context(), work{name: "slow", fanout: good, slow: true, timeout: time.Minute}); r.skipped != "slow" {
		t.Errorf("slow: %+v", r)
	}
	w := work{name: "prepared", fanout: good, rounds: 1, timeout: time.Minute}
	w.prepare = func(context.Context, site) (check, error) { return nil, skipped("no room") }
	if r := b.race(t.Context(), w); r.skipped != "no room" {
		t.Errorf("no room: %+v", r)
	}
	w.prepare = func(context.Context, site) (check, error) { return nil, errors.New("broken") }
	if r := b.race(t.Context(), w); failures([]result{r}) == nil {
		t.Errorf("broken: %+v", r)
	}
	if left, _ := os.ReadDir(b.tmp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWorksAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range works() {
		if seen[w.name] {
			t.Errorf("%s: twice", w.name)
		}
		seen[w.name] = true
		if w.timeout == 0 || w.rounds == 0 && !w.slow || w.fanout.items == 0 {
			t.Errorf("%s: no timeout, rounds or items", w.name)
		}
		programs := map[string]bool{}
		for _, c := range w.rivals {
			programs[c.name()] = true
		}
		for _, target := range w.targets {
			if target.rival != "" && !programs[target.rival] {
				t.Errorf("%s: no rival %s", w.name, target.rival)
			}
		}
	}
}

func TestParse(t *testing.T) {
	if o, err := parse(nil, io.Discard); err != nil || o.out != defaultOut {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parse([]string{"-only", "true"}, io.Discard); err != nil || o.out != "" {
		t.Errorf("-only wrote somewhere: %+v, %v", o, err)
	}
	for _, args := range [][]string{{"-only", "("}, {"-rounds", "-1"}, {"x"}, {"-nope"}} {
		if _, err := parse(args, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

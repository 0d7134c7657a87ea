package registry

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fanout/internal/process"

	"golang.org/x/sys/unix"
)

// TestLeftovers: a file that belongs to no entry is removed, unless it is about to become one.
func TestLeftovers(t *testing.T) {
	dir := registry(t)
	live := register(t, newRunID())
	defer live.Close()
	live.Progress(Counts{Done: 1})
	for _, name := range []string{newRunID() + ".progress", newRunID() + ".progress.new", newRunID() + ".json.new"} {
		os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600)
	}
	coming := filepath.Join(dir, newRunID()+".json.new")
	f, err := os.Create(coming)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lock(f, unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := clean(t, Cleanup{}); err != nil {
		t.Error(err)
	}
	left, _ := os.ReadDir(dir)
	if _, err := os.Stat(coming); err != nil || len(left) != 3 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestTmpRemoved: temporary files of a dead run are removed, and no others.
func TestTmpRemoved(t *testing.T) {
	registry(t)
	tmp := t.TempDir()
	var runs []*Registration
	for range 2 {
		r, err := Register(DefaultDir(), Entry{RunID: newRunID(), Command: []string{"fanout"}, TmpDir: tmp})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	dead, live := runs[0], runs[1]
	defer live.Close()
	dead.abandon()
	stay := []string{TmpName(live.runID) + "1", "fanout-" + dead.runID, "fanout-spill-1", dead.runID}
	for _, name := range append(stay, TmpName(dead.runID)+"1", TmpName(dead.runID)+"2") {
		if err := os.WriteFile(filepath.Join(tmp, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	directory := TmpName(dead.runID) + "directory"
	if err := os.Mkdir(filepath.Join(tmp, directory), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := clean(t, Cleanup{}); err != nil {
		t.Error(err)
	}
	var left []string
	entries, _ := os.ReadDir(tmp)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := append(stay, directory)
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left: %q; want %q", left, want)
	}
}

// TestChoice: --run takes the beginning of one run ID.
func TestChoice(t *testing.T) {
	registry(t)
	a, b := "aa"+newRunID()[2:], "ab"+newRunID()[2:]
	register(t, a).abandon()
	register(t, b).abandon()
	for id, want := range map[string]string{"a": "2 runs", "ac": "no run ac", a + "0": "no run"} {
		if told, err := clean(t, Cleanup{Run: id}); err == nil || !strings.Contains(err.Error(), want) || len(told) != 0 {
			t.Errorf("%s: %v, %v", id, told, err)
		}
	}
	if told, err := clean(t, Cleanup{Run: "aa"}); err != nil || len(told) != 1 || told[0].Run != a {
		t.Errorf("%v, %v", told, err)
	}
	if all, err := runs(t); err != nil || len(all) != 1 || all[0].RunID != b {
		t.Errorf("%v, %v", all, err)
	}
}

// TestOtherBoot: nothing can be left of a run from before the system's last start. A run on another machine, which shares
// the registry, has another start too.
func TestOtherBoot(t *testing.T) {
	for name, tt := range map[string]struct {
		host string
		age  time.Duration
		kept bool
	}{
		"before":           {"", 10000 * time.Hour, false},
		"another machine":  {"another", 10000 * time.Hour, true},
		"after this start": {"", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := registry(t)
			e := Entry{RunID: newRunID(), Started: time.Now().Add(-tt.age)}
			complete(&e)
			e.Boot = "another"
			if tt.host != "" {
				e.Host = tt.host
			}
			text, _ := json.Marshal(e)
			os.Mkdir(dir, 0o700)
			os.WriteFile(filepath.Join(dir, e.RunID+".json"), text, 0o600)
			if told, err := clean(t, Cleanup{}); tt.kept && (err == nil || len(told) != 1 || told[0].Deed != Kept || !strings.Contains(told[0].Why, "another machine")) {
				t.Errorf("%v, %v", told, err)
			} else if !tt.kept && (err != nil || len(told) != 1 || told[0].Deed != Removed || told[0].Why == "") {
				t.Errorf("%v, %v", told, err)
			}
			if !tt.kept {
				return
			}
			if told, err := clean(t, Cleanup{Run: e.RunID[:8]}); err != nil || len(told) != 1 || told[0].Deed != Removed {
				t.Errorf("named by its ID: %v, %v", told, err)
			}
		})
	}
}

// TestUnknownBoot: a run that could not tell the system's start is treated as any other.
func TestUnknownBoot(t *testing.T) {
	dir := registry(t)
	e := Entry{RunID: newRunID()}
	complete(&e)
	e.Boot = ""
	text, _ := json.Marshal(e)
	os.Mkdir(dir, 0o700)
	os.WriteFile(filepath.Join(dir, e.RunID+".json"), text, 0o600)
	left := exec.Command("sleep", "1000")
	left.Env = []string{process.JobIDVariable + "=" + e.RunID + ".1.1"}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	defer left.Process.Kill()
	ended := make(chan error, 1)
	go func() { ended <- left.Wait() }()
	told, err := clean(t, Cleanup{})
	if err != nil || len(told) != 2 || told[0].Deed != Killed || told[1].Deed != Removed || told[1].Why != "" {
		t.Errorf("%v, %v", told, err)
	}
	<-ended
}

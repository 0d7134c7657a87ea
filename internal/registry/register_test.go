package registry

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// registry gives a test a registry of its own.
func registry(t *testing.T) (dir string) {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	return DefaultDir()
}

func newRunID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

func register(t *testing.T, runID string) *Registration {
	t.Helper()
	r, err := Register(DefaultDir(), Entry{RunID: runID, Command: []string{"fanout", runID}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// abandon does to an entry what kill -9 of its run does.
func (r *Registration) abandon() {
	r.entry.Close()
	r.dir.close()
}

// runs returns the runs of the registry, and the error about its other files.
func runs(t *testing.T) ([]Run, error) {
	t.Helper()
	r, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Runs()
}

// clean runs a cleanup and returns what it tells.
func clean(t *testing.T, c Cleanup) (told []Report, err error) {
	t.Helper()
	r, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.Tell = func(r Report) { told = append(told, r) }
	err = c.Do(r)
	return told, err
}

func TestRegister(t *testing.T) {
	dir := registry(t)
	if all, err := runs(t); len(all) != 0 || err != nil {
		t.Errorf("without a directory: %v, %v", all, err)
	}
	before := time.Now()
	r := register(t, newRunID())
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, r.Path(): 0o600} {
		if st, err := os.Lstat(path); err != nil || st.Mode() != want {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
	all, err := runs(t)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	got := all[0]
	if !got.Live || got.RunID != r.runID || got.PID != os.Getpid() || got.Guardian != 0 || got.Started.Before(before) || len(got.Command) != 2 {
		t.Errorf("%+v", got)
	}
	for _, c := range []Counts{{Running: 1}, {Done: 3, Failed: 2, Running: 1}, {Done: 3, Failed: 2, Running: 1}} {
		if err := r.Progress(c); err != nil {
			t.Error(err)
		}
		if all, err := runs(t); err != nil || len(all) != 1 || !all[0].same(c) {
			t.Errorf("%v, %v", all, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestDead: an entry without a lock is of a dead run.
func TestDead(t *testing.T) {
	dir := registry(t)
	r := register(t, newRunID())
	r.Progress(Counts{Done: 2})
	r.abandon()
	if all, err := runs(t); err != nil || len(all) != 1 || all[0].Live || all[0].Done != 2 {
		t.Errorf("%v, %v", all, err)
	}
	for range 2 {
		told, err := clean(t, Cleanup{DryRun: true})
		if err != nil || len(told) != 1 || told[0].Deed != WouldRemove {
			t.Errorf("%v, %v", told, err)
		}
	}
	told, err := clean(t, Cleanup{})
	if err != nil || len(told) != 1 || told[0].Deed != Removed || told[0].Run != r.runID {
		t.Errorf("%v, %v", told, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestTakenAway: the directory of a live run disappears, as at a logout.
func TestTakenAway(t *testing.T) {
	dir := registry(t)
	r := register(t, newRunID())
	os.RemoveAll(dir)
	r.Progress(Counts{Done: 1})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadRunIDs(t *testing.T) {
	registry(t)
	for _, runID := range []string{"", "run", newRunID()[1:], newRunID() + "0", strings.ToUpper(newRunID()[:31]) + "A", "../" + newRunID()[3:], newRunID()[:31] + "g"} {
		if r, err := Register(DefaultDir(), Entry{RunID: runID}); err == nil {
			t.Errorf("%q is taken", runID)
			r.Close()
		}
	}
}

// TestTwice: no two runs have the same ID.
func TestTwice(t *testing.T) {
	registry(t)
	r := register(t, newRunID())
	defer r.Close()
	if again, err := Register(DefaultDir(), Entry{RunID: r.runID}); err == nil {
		again.Close()
		t.Error("the second is taken")
	}
	if all, err := runs(t); err != nil || len(all) != 1 || !all[0].Live {
		t.Errorf("%v, %v", all, err)
	}
}

// TestLongCommand: an entry stays small, whatever the command line.
func TestLongCommand(t *testing.T) {
	registry(t)
	word := strings.Repeat("\x01<", 30)
	r, err := Register(DefaultDir(), Entry{RunID: newRunID(), Command: append([]string{"fanout"}, strings.Split(strings.Repeat(word+" ", 100_000), " ")...)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := runs(t)
	if err != nil || len(all) != 1 || all[0].Command[1] != word || !strings.HasSuffix(all[0].Command[len(all[0].Command)-1], "...") {
		t.Errorf("%v, %v", all, err)
	}
}

// TestGarbage: a file that is no entry is named and left alone, and no process is killed for it.
func TestGarbage(t *testing.T) {
	runID := newRunID()
	valid := func(alter func(*Entry)) string {
		e := Entry{RunID: runID}
		complete(&e)
		alter(&e)
		text, _ := json.Marshal(e)
		return string(text)
	}
	file := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	}
	good := valid(func(*Entry) {})
	for name, tt := range map[string]struct {
		make func(dir string) error
		file string
		want string
	}{
		"empty":      {file(runID+".json", ""), runID + ".json", "JSON"},
		"half":       {file(runID+".json", good[:len(good)/2]), runID + ".json", "JSON"},
		"array":      {file(runID+".json", "[]"), runID + ".json", "JSON"},
		"negative":   {file(runID+".json", `{"start":-1}`), runID + ".json", "JSON"},
		"other ID":   {file(runID+".json", valid(func(e *Entry) { e.RunID = newRunID() })), runID + ".json", "run ID"},
		"version":    {file(runID+".json", valid(func(e *Entry) { e.Version = 2 })), runID + ".json", "version"},
		"no process": {file(runID+".json", valid(func(e *Entry) { e.PID = 0 })), runID + ".json", "process"},
		"short ID":   {file(runID[1:]+".json", valid(func(e *Entry) { e.RunID = runID[1:] })), runID[1:] + ".json", "name"},
		"upper ID":   {file("A"+runID[1:]+".json", valid(func(e *Entry) { e.RunID = "A" + runID[1:] })), "A" + runID[1:] + ".json", "name"},
		"other name": {file("README", "x"), "README", "name"},
		"large":      {file(runID+".json", good+strings.Repeat(" ", 64<<10)), runID + ".json", "large"},
		"directory":  {func(dir string) error { return os.Mkdir(filepath.Join(dir, runID+".json"), 0o700) }, runID + ".json", "not a file"},
		"fifo":       {func(dir string) error { return unix.Mkfifo(filepath.Join(dir, runID+".json"), 0o600) }, runID + ".json", "not a file"},
		"foreign": {func(dir string) error {
			file(runID+".json", good)(dir)
			return os.Chown(filepath.Join(dir, runID+".json"), 12345, -1)
		}, runID + ".json", "user 12345"},
		"symlink": {func(dir string) error {
			target := filepath.Join(filepath.Dir(dir), "target")
			os.WriteFile(target, []byte(good), 0o600)
			return os.Symlink(target, filepath.Join(dir, runID+".json"))
		}, runID + ".json", "symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := registry(t)
			other := register(t, newRunID())
			if err := tt.make(dir); err != nil {
				t.Skip("only root can make this: ", err)
			}
			other.abandon()
			_, err := runs(t)
			told, err2 := clean(t, Cleanup{})
			for _, err := range []error{err, err2} {
				if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, tt.file)) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v", err)
				}
			}
			if len(told) != 1 || told[0].Run != other.runID || told[0].Deed != Removed {
				t.Errorf("told: %v", told)
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() != tt.file {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestLiveIsNeverDead: runs come and go while others list and clean up; no live run is taken for a dead one, and none
// gets lost.
func TestLiveIsNeverDead(t *testing.T) {
	dir := registry(t)
	var runIDs sync.Map
	var stop atomic.Bool
	var cleaners, runners sync.WaitGroup
	for i := range 3 {
		cleaners.Go(func() {
			for !stop.Load() {
				r, err := Open()
				if err != nil {
					t.Error(err)
					return
				}
				if i == 0 {
					_, err = r.Runs()
				} else {
					c := Cleanup{Tell: func(rep Report) {
						if rep.Deed != LeftAlone {
							if _, live := runIDs.Load(rep.Run); live {
								t.Errorf("%s: %s, while it lives", rep.Run, rep.Deed)
							}
						}
					}}
					err = c.Do(r)
				}
				if err != nil {
					t.Error(err)
				}
				r.Close()
			}
		})
	}
	for range 3 {
		runners.Go(func() {
			for i := range 100 {
				runID := newRunID()
				runIDs.Store(runID, true)
				r, err := Register(dir, Entry{RunID: runID})
				if err != nil {
					t.Error(err)
					return
				}
				r.Progress(Counts{Done: 1})
				if _, err := os.Stat(r.Path()); err != nil {
					t.Error(err)
				}
				runIDs.Delete(runID)
				if i%3 == 0 {
					r.abandon()
				} else if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	runners.Wait()
	stop.Store(true)
	cleaners.Wait()
	if _, err := clean(t, Cleanup{}); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func BenchmarkRegister(b *testing.B) {
	b.Setenv("XDG_RUNTIME_DIR", b.TempDir())
	for b.Loop() {
		r, err := Register(DefaultDir(), Entry{RunID: newRunID(), Command: os.Args})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

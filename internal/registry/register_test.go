package registry

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fanout/internal/process"

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

// abandon is what kill -9 does to an entry.
func (r *Registration) abandon() {
	r.entry.Close()
	r.dir.close()
}

// runs is the registry's, and what is said about the rest of it.
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

// TestDead: what is left of a run without a lock.
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

// TestTakenAway: the directory of a run that runs goes away, as at a logout.
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

func TestPlace(t *testing.T) {
	tmp, own := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	shared := filepath.Join(tmp, filepath.Base(DefaultDir())) // fanout-UID
	open := filepath.Join(t.TempDir(), "open")
	os.Mkdir(open, 0o700)
	os.Chmod(open, 0o770)
	file := filepath.Join(own, "file")
	os.WriteFile(file, nil, 0o600)
	for runtime, want := range map[string]string{
		own: own + "/fanout", "": shared, own + "/missing": shared, file: shared, open: shared,
	} {
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		if got := DefaultDir(); got != want {
			t.Errorf("%s: %s, want %s", runtime, got, want)
		}
	}
}

// TestBothPlaces: what was registered without XDG_RUNTIME_DIR is found with it.
func TestBothPlaces(t *testing.T) {
	registry(t)
	own := os.Getenv("XDG_RUNTIME_DIR")
	t.Setenv("XDG_RUNTIME_DIR", "")
	cron := register(t, newRunID())
	defer cron.Close()
	t.Setenv("XDG_RUNTIME_DIR", own)
	login := register(t, newRunID())
	defer login.Close()
	if all, err := runs(t); err != nil || len(all) != 2 || all[0].RunID != cron.runID || all[1].RunID != login.runID {
		t.Errorf("%v, %v", all, err)
	}
	// Where others can write, none of ours can be.
	os.Chmod(filepath.Dir(cron.Path()), 0o777)
	if all, err := runs(t); err != nil || len(all) != 1 || all[0].RunID != login.runID {
		t.Errorf("%v, %v", all, err)
	}
}

// TestBadDirectory: a directory that others can change is neither used nor read,
// and the error says whose it is and what to do.
func TestBadDirectory(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(path string) error
		want []string
	}{
		"symlink":        {func(path string) error { return os.Symlink(t.TempDir(), path) }, []string{"symbolic link", "remove it"}},
		"dangling":       {func(path string) error { return os.Symlink("missing", path) }, []string{"symbolic link", "remove it"}},
		"file":           {func(path string) error { return os.WriteFile(path, nil, 0o600) }, []string{"is a file", "remove it"}},
		"group-writable": {func(path string) error { return mkdir(path, 0o770, -1) }, []string{"others may write", "chmod 700"}},
		"writable":       {func(path string) error { return mkdir(path, 0o703, -1) }, []string{"others may write", "chmod 700"}},
		"foreign":        {func(path string) error { return mkdir(path, 0o700, 12345) }, []string{"user 12345", "not to you", "XDG_RUNTIME_DIR"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := registry(t)
			if err := tt.make(dir); err != nil {
				t.Skip("only root can make this: ", err)
			}
			_, err := Register(dir, Entry{RunID: newRunID()})
			_, err2 := Open()
			for _, err := range []error{err, err2} {
				for _, want := range append(tt.want, dir, "user ") {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%v: no %q", err, want)
					}
				}
			}
		})
	}
}

func mkdir(path string, mode os.FileMode, uid int) error {
	if err := os.Mkdir(path, mode); err != nil {
		return err
	}
	if err := os.Chmod(path, mode); err != nil {
		return err
	}
	return os.Chown(path, uid, -1)
}

// TestGarbage: what is no entry is named, left alone and no reason to kill.
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

// TestLeftovers: what goes with no entry is removed, but for what is becoming one.
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

// TestTmpRemoved: temporary files of a dead run go, and nothing else does.
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

// TestOtherBoot: of what was before the system's last start nothing can be left.
func TestOtherBoot(t *testing.T) {
	dir := registry(t)
	e := Entry{RunID: newRunID()}
	complete(&e)
	e.Boot = "another"
	text, _ := json.Marshal(e)
	os.Mkdir(dir, 0o700)
	os.WriteFile(filepath.Join(dir, e.RunID+".json"), text, 0o600)
	if told, err := clean(t, Cleanup{}); err != nil || len(told) != 1 || told[0].Deed != Removed || told[0].Why == "" {
		t.Errorf("%v, %v", told, err)
	}
}

// TestUnknownBoot: a run that could not tell the system's start is one like others.
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

// TestLiveIsNeverDead: runs come and go while others list and clean up; none that
// lives is taken for dead, and none gets lost.
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

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// TestParseStat: names may hold what stands between fields.
func TestParseStat(t *testing.T) {
	const rest = " 0 -1" + " 0 0 0 0 0 0 0 0 0 0 0" + " %d 0 4711 0 0"
	for text, want := range map[string]Process{
		"12 (sleep) S 1 77 77":                     {State: 'S', Parent: 1, Group: 77},
		"12 (a b) R 1 78 77":                       {State: 'R', Parent: 1, Group: 78},
		"12 (a) Z 1 5 (x) S 1 79 77":               {State: 'S', Parent: 1, Group: 79},
		"12 (a\nb) S 1 6) R 1 80 77":               {State: 'R', Parent: 1, Group: 80},
		"12 () D 1 81 77":                          {State: 'D', Parent: 1, Group: 81},
		"12 ()))) (((() T 1 82 77":                 {State: 'T', Parent: 1, Group: 82},
		"12 (Z) S 1 83 77":                         {State: 'S', Parent: 1, Group: 83},
		"12 (a) b) (c) Z) Z 1 84 77":               {State: 'Z', Parent: 1, Group: 84},
		"12 (\xff\xfe) S 1 85 77":                  {State: 'S', Parent: 1, Group: 85},
		"12 (tab\there) I 0 0 0":                   {State: 'I'},
		"99999 (very long name her) X 1 4194304 1": {State: 'X', Parent: 1, Group: 4194304},
	} {
		for threads := range 3 {
			want.Threads, want.Start = threads, 4711
			got, ok := parseStat([]byte(text + fmt.Sprintf(rest, threads)))
			if !ok || got != want {
				t.Errorf("%q: %+v, %v, want %+v", text, got, ok, want)
			}
			ended := want.State == 'X' || want.State == 'Z' && threads < 2
			if got.Ended() != ended || got.Zombie() != (want.State == 'X' || want.State == 'Z') {
				t.Errorf("%q with %d threads: ended %v, zombie %v", text, threads, got.Ended(), got.Zombie())
			}
		}
	}
	for _, text := range []string{"", "1", "12 (sleep", "12 (sleep) S 1", "12 (sleep) S 1 x 77 0 -1", "12 (sleep) S x 1 77 0 -1"} {
		if got, ok := parseStat([]byte(text + strings.Repeat(" 0", 15))); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestOwn: what is read of this process is right.
func TestOwn(t *testing.T) {
	p, ok := Read(os.Getpid())
	if !ok || p.PID != os.Getpid() || p.Parent != os.Getppid() || p.Threads < 2 || p.Zombie() || p.Start > Now() || p.Age() < 0 {
		t.Errorf("%+v, %v", p, ok)
	}
	h, err := Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if again, ok := h.Stat(); !ok || !again.Same(p) || !h.Ours() {
		t.Errorf("%+v, %v", again, ok)
	}
	if words := h.CommandLine(); !slices.Equal(words, os.Args) {
		t.Errorf("%q", words)
	}
	if Memory(os.Getpid()) < 1<<20 || len(slices.Collect(Files(os.Getpid()))) < 3 {
		t.Error("no memory, or no files")
	}
}

// TestRealProcesses: names of programs may look like fields of stat.
func TestRealProcesses(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain", ") Z 1 2 3", "a b) (c", "new\nline", "((((", "))))"} {
		file := t.TempDir() + "/" + name
		if err := os.WriteFile(file, program, 0o755); err != nil {
			t.Fatal(err)
		}
		var c *exec.Cmd
		testkit.Until(t, "no other child holds the file open for writing", func() bool {
			c = exec.Command(file, "1000")
			c.Env = []string{"A=1", JobIDVariable + "=r.1.1 outer.2.1"}
			return c.Start() == nil
		})
		pid := c.Process.Pid
		p, ok := All()[pid]
		if !ok || p.Parent != os.Getpid() {
			t.Errorf("%q: %+v, %v", name, p, ok)
		}
		testkit.Until(t, "it has its environment", func() bool { return slices.Equal(JobIDs(pid), []string{"r.1.1", "outer.2.1"}) })
		if !slices.Contains(Children(os.Getpid()), pid) && len(Children(os.Getpid())) > 0 {
			t.Errorf("%q is not among %v", name, Children(os.Getpid()))
		}
		if !slices.Contains(NewestFirst(), pid) {
			t.Errorf("%q is not among all", name)
		}
		if _, ok := OpenSame(pid, p.Start+1); ok {
			t.Errorf("%q: a process with another start is taken for it", name)
		}
		h, ok := OpenSame(pid, p.Start)
		if !ok {
			t.Fatalf("%q is gone", name)
		}
		h.Signal(9)
		testkit.Until(t, "it is a zombie", func() bool { now, _ := h.Stat(); return now.Ended() })
		if _, ok := All()[pid]; ok {
			t.Errorf("%q: a zombie counts as alive", name)
		}
		h.Close()
		c.Wait()
	}
}

func TestJobIDsIn(t *testing.T) {
	for environ, want := range map[string]string{
		"":                                      "",
		"A=1\x00B=2\x00":                        "",
		"FANOUT_MARK=":                          "",
		"FANOUT_MARK=r.1.1":                     "r.1.1",
		"A=1\x00FANOUT_MARK=r.1.1 o\x00B=2\x00": "r.1.1 o",
		"XFANOUT_MARK=x\x00FANOUT_MARK2=y\x00":  "",
		"FANOUT_MARK=a\x00FANOUT_MARK=b c\x00":  "a b c",
	} {
		if got := strings.Join(slices.Collect(JobIDsIn([]byte(environ))), " "); got != want {
			t.Errorf("%q: %q, want %q", environ, got, want)
		}
	}
}

package execute

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/template"
)

// TestCutShort: when a signal ends a command of a script and then a stop follows, the rest of the script is not run,
// and the job is no success. Where no stop follows, the script goes on as in a shell.
func TestCutShort(t *testing.T) {
	const kill = `sh -c '>hit; kill -$0 $$'`
	for _, c := range []struct {
		name, script string
		out          string // when nothing follows the signal
	}{
		{"list", kill + ` TERM; sh -c '>on'; echo on`, "on\n"},
		{"list of builtins", kill + ` TERM; echo on`, "on\n"},
		{"int", kill + ` INT; echo on`, "on\n"},
		{"hup", kill + ` HUP; echo on`, "on\n"},
		{"kill", kill + ` KILL; echo on`, "on\n"},
		{"or", kill + ` TERM || echo on`, "on\n"},
		{"and, or", kill + ` TERM && echo no || echo on`, "on\n"},
		{"first of a pipeline", kill + ` TERM | cat; echo on`, "on\n"},
		{"last of a pipeline", `true | ` + kill + ` TERM; echo on`, "on\n"},
		{"pipeline at the end", `echo on; ` + kill + ` TERM | cat`, "on\n"},
		{"told by its status", `sh -c '>hit; exit 143'; echo on`, "on\n"},
		{"a wrapper that is told so", `sh -c '>hit; exit 137' || echo on`, "on\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, stop := range []bool{true, false} {
				dir := t.TempDir()
				l, err := local(t, newSupervisor(t), Spec{Dir: dir}, template.Spec{Command: []string{": {}; " + c.script}})
				if err != nil {
					t.Fatal(err)
				}
				if l.StartsShells() {
					t.Fatal("it runs in a shell, which this is not about")
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if stop {
					go func() {
						for _, err := os.Stat(filepath.Join(dir, "hit")); err != nil; _, err = os.Stat(filepath.Join(dir, "hit")) {
							time.Sleep(time.Millisecond)
						}
						time.Sleep(job.Doubt / 5)
						cancel()
					}()
				}
				var out bytes.Buffer
				st := l.Run(ctx, newJob("x"), job.Output{Stdout: &out, Stderr: &out})
				switch {
				case stop && st.Outcome != job.Stopped:
					t.Errorf("it is cut short, and has ended as %v", st)
				case stop && c.name != "pipeline at the end" && out.Len() > 0:
					t.Errorf("it is cut short, and goes on: %q", &out)
				case !stop && (!st.OK() || out.String() != c.out):
					t.Errorf("nothing but a command was ended, and the script ends as %v with %q", st, &out)
				case !stop && st.Usage.Wall < job.Doubt:
					t.Errorf("it has waited for %v only", st.Usage.Wall)
				}
			}
		})
	}
}

// TestNotCutShort: scripts whose commands end in another way do not wait.
func TestNotCutShort(t *testing.T) {
	for _, script := range []string{
		`yes | head -n 1; echo`,
		`sh -c 'exit 3'; echo`,
		`sh -c 'kill -USR1 $$'; echo`,
		`sh -c 'kill -TERM $$' && echo`,
		`sh -c 'kill -TERM $$'`,
	} {
		t.Run(script, func(t *testing.T) {
			const tries = 20 // for a loaded machine
			for range tries {
				got := run(t, context.Background(), newSupervisor(t), Spec{}, template.Spec{Command: []string{": {}; " + script}}, "x")
				if got.status.Usage.Wall < job.Doubt {
					return
				}
			}
			t.Errorf("it always takes %v", job.Doubt)
		})
	}
}

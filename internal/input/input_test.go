package input

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"

	"fanout/internal/testkit"
)

func TestStandardInput(t *testing.T) {
	r, w := testkit.Pipe(t)
	write(t, w, "a\nb")
	w.Close()
	items, err := read(t, Spec{Delimiter: "\n"}, r)
	if got := fields(t, items); err != nil || !reflect.DeepEqual(got, [][]string{{"a"}, {"b"}}) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.Stat(); err != nil {
		t.Errorf("standard input was closed: %v", err)
	}
}

// TestStopReleases: a consumer that stops early leaves nothing open.
func TestStopReleases(t *testing.T) {
	r, w := testkit.Pipe(t)
	write(t, w, "a\nb\n")
	before := testkit.OpenFiles(t)
	for _, src := range []Source{fileOf(t, "a\nb\n"), {Path: "-", IsFile: true}} {
		in, err := Open(Spec{Delimiter: "\n", Sources: []Source{src}}, r)
		if err != nil {
			t.Fatal(err)
		}
		for range in.Items(context.Background()) {
			break
		}
		if after := testkit.OpenFiles(t); after != before {
			t.Errorf("%d files are open, %d were before", after, before)
		}
		if err := in.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	}
}

// TestPullFromSeveral pulls as the scheduler does: from several goroutines, one
// at a time.
func TestPullFromSeveral(t *testing.T) {
	const items = 10000
	next := pull(t, Spec{Delimiter: "\n", Sources: []Source{fileOf(t, string(numbers(items)))}}, nil)
	var lock sync.Mutex
	var wg sync.WaitGroup
	seen := make([]bool, items+1)
	for range 4 {
		wg.Go(func() {
			for {
				lock.Lock()
				item, err, ok := next()
				if ok {
					seen[item.Seq] = err == nil
				}
				lock.Unlock()
				if !ok {
					return
				}
			}
		})
	}
	wg.Wait()
	for seq := 1; seq <= items; seq++ {
		if !seen[seq] {
			t.Fatalf("item %d is missing", seq)
		}
	}
}

func TestItemsTwice(t *testing.T) {
	in, err := Open(Spec{Delimiter: "\n", Sources: []Source{argsOf("a")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	seq := in.Items(context.Background())
	for range seq {
	}
	defer func() {
		if recover() == nil {
			t.Error("reading twice went unnoticed")
		}
	}()
	for range seq {
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, nil, 0); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	for _, tt := range []struct {
		path, want string
		is         error
	}{
		{dir, "reading " + dir + ": is a directory", syscall.EISDIR},
		{missing, "reading " + missing + ": no such file or directory", fs.ErrNotExist},
		{secret, "reading " + secret + ": permission denied", fs.ErrPermission},
	} {
		if tt.path == secret && os.Geteuid() == 0 {
			t.Log("skipped: root may read every file")
			continue
		}
		before := testkit.OpenFiles(t)
		good := Source{Path: os.Args[0], IsFile: true}
		_, err := Open(Spec{Delimiter: "\n", Sources: []Source{good, {Path: tt.path, IsFile: true}}}, nil)
		var pe *fs.PathError
		if err == nil || err.Error() != tt.want || !errors.Is(err, tt.is) || !errors.As(err, &pe) || pe.Path != tt.path {
			t.Errorf("%v; want %q", err, tt.want)
		}
		if after := testkit.OpenFiles(t); after != before {
			t.Errorf("%d files are open, %d were before", after, before)
		}
	}
}

func TestOpenStandardInputErrors(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if _, err := Open(Spec{Delimiter: "\n"}, dir); err == nil || err.Error() != "reading standard input: is a directory" {
		t.Errorf("directory: %v", err)
	}
	if _, err := Open(Spec{Delimiter: "\n"}, nil); err == nil || !strings.HasPrefix(err.Error(), "reading standard input: ") {
		t.Errorf("none: %v", err)
	}
	if _, err := Open(Spec{}, nil); err == nil || !strings.Contains(err.Error(), "delimiter") {
		t.Errorf("a bad Spec: %v", err)
	}
}

func TestSources(t *testing.T) {
	r, _ := testkit.Pipe(t)
	for want, sources := range map[int][]Source{1: nil, 3: {argsOf("a"), argsOf(), fileOf(t, "")}} {
		in, err := Open(Spec{Delimiter: "\n", Sources: sources}, r)
		if err != nil || in.Sources() != want {
			t.Errorf("%d sources, %v; want %d", in.Sources(), err, want)
		}
		in.Close()
	}
}

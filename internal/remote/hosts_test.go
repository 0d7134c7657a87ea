package remote

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fanout/internal/pool"
)

func TestParseHosts(t *testing.T) {
	for _, tt := range []struct {
		list  string
		slots int
		want  []pool.Host
		err   string
	}{
		{"n1:8,n2:4", 0, []pool.Host{{Name: "n1", Workers: 1, Threads: 8}, {Name: "n2", Workers: 1, Threads: 4}}, ""},
		{" n1 , me@n2 ", 3, []pool.Host{{Name: "n1", Workers: 1, Threads: 3}, {Name: "me@n2", Workers: 1, Threads: 3}}, ""},
		{"n1", 0, []pool.Host{{Name: "n1", Workers: 1}}, ""},
		{"[::1]", 2, []pool.Host{{Name: "[::1]", Workers: 1, Threads: 2}}, ""},
		{"me@[fe80::1]:5", 2, []pool.Host{{Name: "me@[fe80::1]", Workers: 1, Threads: 5}}, ""},
		{"", 0, nil, "missing"},
		{"n1,", 0, nil, "missing"},
		{"me@:3", 0, nil, "missing"},
		{"n1:0", 0, nil, "from 1 to"},
		{"n1:many", 0, nil, "from 1 to"},
		{"n1:99999", 0, nil, "from 1 to"},
		{"n1,n1:2", 0, nil, "twice"},
		{"-oProxyCommand=x", 0, nil, "dash"},
		{"n1;rm", 0, nil, "not a host's name"},
		{"n1 n2", 0, nil, "not a host's name"},
		{"$(x)", 0, nil, "not a host's name"},
		{"::1", 0, nil, "brackets"},
	} {
		got, err := ParseHosts(tt.list, tt.slots)
		if !slices.Equal(got, tt.want) || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: %v, %v; want %v, %q", tt.list, got, err, tt.want, tt.err)
		}
	}
}

func TestReadHosts(t *testing.T) {
	name := filepath.Join(t.TempDir(), "hosts")
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("# ours\nn1:8\n\n  me@n2 # old\n")
	want := []pool.Host{{Name: "n1", Workers: 1, Threads: 8}, {Name: "me@n2", Workers: 1, Threads: 2}}
	if got, err := ReadHosts(name, 2); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	write("n1\n\nn2:x\n")
	if _, err := ReadHosts(name, 2); err == nil || !strings.Contains(err.Error(), "hosts:3: n2:x") {
		t.Errorf("%v", err)
	}
}

func TestDestination(t *testing.T) {
	for name, want := range map[string]string{"n1": "n1", "me@n2": "me@n2", "[::1]": "::1", "me@[::1]": "me@::1"} {
		if got := destination(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

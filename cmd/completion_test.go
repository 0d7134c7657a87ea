package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// completed returns what a shell would offer for the last word.
func completed(t *testing.T, words ...string) string {
	t.Helper()
	root := Command()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	root.SetArgs(append([]string{"__complete"}, words...))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"gz-one": 0o755, "gz-two": 0o755, "gz-data": 0o644, "other": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte("profiles: {gentle: {workers: 1}, loud: {tag: true}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+filepath.Join(dir, "none"))
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"gz"}, "gz-one\ngz-two\n:0\n"},
		{[]string{"-j4", "-k", "oth"}, "other\n:0\n"},
		{[]string{"gz-one", "x"}, ":0\n"}, // files
		{[]string{"./g"}, ":0\n"},         // files
		{[]string{"-a", ""}, ":0\n"},      // files
		{[]string{"-C", ""}, ":16\n"},     // directories
		{[]string{"--mode", ""}, "thread\nprocess\n:4\n"},
		{[]string{"--progress", ""}, "auto\nbars\nplain\njson\nnone\n:4\n"},
		{[]string{"--config", config, "--profile", ""}, "gentle\nloud\n:4\n"},
		{[]string{"report", ""}, ":0\n"},
		{[]string{"report", "--format", ""}, "text\njson\ntsv\njunit\nhtml\n:4\n"},
	} {
		if got := completed(t, tt.words...); got != tt.want && !strings.HasSuffix(got, "\n"+tt.want) {
			t.Errorf("%q: %q, want %q", tt.words, got, tt.want)
		}
	}
	if got := completed(t, "--wor"); !strings.Contains(got, "--workers") {
		t.Errorf("%q", got)
	}
	for _, sub := range []string{"rep", "conf"} {
		if got := completed(t, sub); !strings.Contains(got, sub) {
			t.Errorf("%q: %q", sub, got)
		}
	}
}

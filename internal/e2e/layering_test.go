package e2e_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mayImport is the table of docs/architecture.md: the packages of this module that each package may import. A package
// that is not in the table may not exist.
var mayImport = map[string][]string{
	"fanout":                          {"cmd", "internal/process/entry"},
	"fanout/internal/e2e":             {},
	"fanout/docs":                     {},
	"fanout/cmd":                      {"docs", "internal/sysio", "internal/remote", "internal/limits", "internal/bench", "internal/progress", "internal/hint", "internal/report", "internal/registry", "internal/guardian", "internal/plan", "internal/persistent", "internal/run", "internal/worker", "internal/journal", "internal/record", "internal/job", "internal/input", "internal/template", "internal/schedule", "internal/process", "internal/execute", "internal/collect", "internal/sink"},
	"fanout/internal/run":             {"internal/limits", "internal/remote", "internal/progress", "internal/registry", "internal/plan", "internal/journal", "internal/record", "internal/persistent", "internal/pool", "internal/worker", "internal/job", "internal/input", "internal/template", "internal/template/words", "internal/schedule", "internal/process", "internal/execute", "internal/collect", "internal/sink"},
	"fanout/internal/plan":            {"internal/remote", "internal/progress", "internal/journal", "internal/persistent", "internal/input", "internal/template", "internal/template/words", "internal/schedule", "internal/process", "internal/execute", "internal/collect"},
	"fanout/internal/job":             {},
	"fanout/internal/input":           {"internal/hint", "internal/job", "internal/sysio"},
	"fanout/internal/record":          {"internal/job"},
	"fanout/internal/journal":         {"internal/job", "internal/record", "internal/sysio"},
	"fanout/internal/hint":            {},
	"fanout/internal/sysio":           {},
	"fanout/internal/limits":          {"internal/sysio"},
	"fanout/internal/bench":           {},
	"fanout/internal/template":        {"internal/job", "internal/hint", "internal/template/flow", "internal/template/script", "internal/template/words"},
	"fanout/internal/template/script": {"internal/job", "internal/hint", "internal/template/flow", "internal/template/words"},
	"fanout/internal/template/flow":   {"internal/template/words"},
	"fanout/internal/template/words":  {"internal/job", "internal/hint"},
	"fanout/internal/schedule":        {"internal/job"},
	"fanout/internal/process":         {"internal/limits", "internal/process/vfork", "internal/process/warden", "internal/sysio", "internal/process/proc"},
	"fanout/internal/progress":        {"internal/job", "internal/sink"},
	"fanout/internal/guardian":        {"internal/limits", "internal/process", "internal/sysio"},
	"fanout/internal/registry":        {"internal/sysio", "internal/process/proc"},
	"fanout/internal/process/vfork":   {},
	"fanout/internal/process/entry":   {},
	"fanout/internal/process/warden":  {},
	"fanout/internal/execute":         {"internal/job", "internal/template", "internal/template/script", "internal/template/words", "internal/process", "internal/sysio"},
	"fanout/internal/remote":          {"internal/pool", "internal/outbox", "internal/worker", "internal/execute", "internal/process", "internal/sysio"},
	"fanout/internal/persistent":      {"internal/job", "internal/pool", "internal/outbox", "internal/execute", "internal/process"},
	"fanout/internal/pool":            {"internal/job"},
	"fanout/internal/outbox":          {},
	"fanout/internal/worker":          {"internal/job", "internal/pool", "internal/outbox", "internal/limits", "internal/template", "internal/execute", "internal/process", "internal/sysio"},
	"fanout/internal/collect":         {"internal/job", "internal/sink", "internal/sysio"},
	"fanout/internal/sink":            {"internal/job", "internal/record", "internal/sysio"},
	"fanout/internal/report":          {"internal/job", "internal/record", "internal/sysio"},
	"fanout/internal/process/proc":    {"internal/sysio"},
	"fanout/internal/text":            {},
	"fanout/internal/testkit":         {}, // only for tests
	"fanout/scripts/licenses":         {},
	"fanout/scripts/test":             {"internal/testkit"},
	"fanout/scripts/man":              {"cmd"},
	"fanout/scripts/picture":          {},
}

// goList runs go list for all packages.
func goList(t *testing.T, format string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestLayering(t *testing.T) {
	for _, line := range goList(t, `{{.ImportPath}} {{join .Imports " "}}`) {
		pkg, imports, _ := strings.Cut(line, " ")
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s is not in the table of packages: add it there and to docs/architecture.md", pkg)
		}
		for _, imp := range strings.Fields(imports) {
			short, ours := strings.CutPrefix(imp, "fanout/")
			if ours && short != "internal/text" && !slices.Contains(allowed, short) {
				t.Errorf("%s may not import %s", pkg, imp)
			}
		}
	}
}

// TestSideEffects checks what docs/architecture.md promises about side effects: only main exits, and only process
// starts processes.
func TestSideEffects(t *testing.T) {
	for _, line := range goList(t, `{{.ImportPath}}{{"\t"}}{{.Dir}}{{"\t"}}{{join .GoFiles "\t"}}`) {
		words := strings.Split(line, "\t") // a directory may have blanks in its name
		pkg, dir, files := words[0], words[1], words[2:]
		if strings.HasPrefix(pkg, "fanout/scripts/") || pkg == "fanout/internal/testkit" {
			continue
		}
		for _, file := range files {
			text, err := os.ReadFile(dir + "/" + file)
			if err != nil {
				t.Fatal(err)
			}
			for _, rule := range []struct{ text, owner string }{
				{"os.Exit(", "fanout"},
				{`"fanout: `, "fanout/internal/text"}, // makes names safe to print
				{`"os/exec"`, ""},
				{"syscall.ForkExec(", "fanout/internal/process"},
				{"os.StartProcess(", ""},
				{"runtime.NumCPU(", "fanout/internal/limits"}, // respects quotas, too
				{"unix.Read(", "fanout/internal/sysio"},       // makes counts never negative
				{"unix.Write(", "fanout/internal/sysio"},
				{"unix.Pread(", "fanout/internal/sysio"},
				{"unix.Pwrite(", "fanout/internal/sysio"},
				{"unix.Splice(", "fanout/internal/sysio"},
				{"unix.Sendfile(", "fanout/internal/sysio"},
				{"unix.SendmsgN(", "fanout/internal/sysio"},
				{"unix.Recvfrom(", "fanout/internal/sysio"},
				{"unix.Poll(", "fanout/internal/sysio"}, // handles a refusal
			} {
				if strings.Contains(string(text), rule.text) && pkg != rule.owner {
					t.Errorf("%s/%s uses %s, which belongs to %q", pkg, file, rule.text, rule.owner)
				}
			}
		}
	}
}

// TestArchitecturePage: docs/architecture.md has the table of packages as it stands here, and names files that exist.
func TestArchitecturePage(t *testing.T) {
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	page := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([\\w/]+)` \\|[^|]*\\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		page[row[1]] = row[2]
	}
	for pkg, imports := range mayImport {
		short, internal := strings.CutPrefix(pkg, "fanout/internal/")
		switch short {
		case "run", "e2e", "testkit": // said in words
			continue
		}
		var names []string
		for _, imp := range imports {
			names = append(names, strings.TrimPrefix(imp, "internal/"))
		}
		slices.Sort(names)
		want := strings.Join(names, ", ")
		if want == "" {
			want = "–"
		}
		if internal && page[short] != want {
			t.Errorf("docs/architecture.md: %s may import %q, want %q", short, page[short], want)
		}
	}
	for _, name := range regexp.MustCompile("`([\\w/]+\\.(?:go|py|sh))`").FindAllStringSubmatch(string(text), -1) {
		if !slices.ContainsFunc(checkoutFiles(t), func(path string) bool { return strings.HasSuffix("/"+path, "/"+name[1]) }) {
			t.Errorf("docs/architecture.md names %s, which does not exist", name[1])
		}
	}
}

// checkoutFiles returns the files of the checkout.
func checkoutFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files").Output()
	if err != nil {
		t.Skip("not a checkout of git")
	}
	return strings.Fields(string(out))
}

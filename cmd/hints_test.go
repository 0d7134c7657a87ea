package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"fanout/internal/execute"
)

// TestHintsOf: which words from COMMAND on get a hint, and which do not.
func TestHintsOf(t *testing.T) {
	for words, want := range map[string]string{
		"echo :: a":             `"::" is an argument of COMMAND here; did you mean :::?`,
		"echo ::::: a":          `":::::" is an argument of COMMAND here; did you mean ::: or ::::?`,
		"echo :::a b":           `":::a" is an argument of COMMAND here; did you mean ::: a?`,
		"echo ::::f":            `"::::f" is an argument of COMMAND here; did you mean :::: f?`,
		"echo :::+ a":           `":::+" is an argument of COMMAND here; did you mean :::?`,
		"echo ::::+ f":          `"::::+" is an argument of COMMAND here; did you mean ::::?`,
		"echo ::: a ::::: b":    `":::::" is an item here; did you mean ::: or ::::?`,
		"echo ::: a :: b":       `"::" is an item here; did you mean :::?`,
		"echo ::: a :::b":       `":::b" is an item here; did you mean ::: b?`,
		"rm ::: a b --dry-run":  `"--dry-run" is an item because it stands after :::;`,
		"rm ::: a --dry-run b":  `"--dry-run" is an item`,
		"rm ::: a --output=raw": `"--output=raw" is an item`,
		"rm ::: a b -j4":        `"-j4" is an item`,
		"rm ::: a b -j 4":       `"-j" is an item`,
		"rm ::: a b -j +2":      `"-j" is an item`,
		"rm ::: a b -k":         `"-k" is an item`,
		"rm ::: a -n max":       `"-n" is an item`,
		"rm ::: a -e=soon":      `"-e=soon" is an item`,
		"rm ::: a -t 5":         `"-t" is an item`,
		"rm ::: a b --dryrun":   `"--dryrun" is an item`,
		"rm ::: a b --jobs 4":   `"--jobs" is an item`,

		"echo a b":                  "",
		"echo ::":                   "",
		"nc -l :: 80":               "",
		"nc 2001:db8::1 :: 80":      "",
		"echo std::vector ::size x": "",
		"ping ::: :: ::1":           "",
		"echo ::: a ::":             "",
		"echo ::: a ::: b":          "",
		"echo {1} :::: f ::: a":     "",
		"wc ::: -l -c -w":           "",
		"echo ::: -j --null":        "",
		"echo ::: -k a -x b":        "",
		"echo ::: a -x -y":          "",
		"echo ::: a -foo -table":    "",
		"echo ::: a --color":        "",
		"echo ::: a --silent":       "",
		"echo ::: a --version":      "",
		"echo ::: a - --":           "",
		"echo ::: 1 0 -1 -0 -5":     "",
		"echo ::: 1 -j":             "",
		"echo ::: 1 -j x":           "",
		"echo ::: a -C d":           "",
		"echo ::: a -ofile -dx":     "",
		"gcc -c x.c ::: a -kO2":     "",
		"rm -f --dry-run ::: a b":   "",
		"rm {} --dry-run":           "",
	} {
		got := strings.Join(hintsOf(newFlags().all(), strings.Fields(words)), "\n")
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%s: %q, want %q", words, got, want)
		}
	}
}

// TestFirstWord: a first word that begins a script or is an assignment is refused, unless a program has that name.
func TestFirstWord(t *testing.T) {
	found := func(name string) bool {
		return name == "a=b" || name == "x;y" || name == "my prog" || name == "convert"
	}
	for _, tt := range []struct {
		command []string
		want    string
	}{
		{[]string{"a={}; x;", "y;", "z"}, `"a={}; x;" is not a program; for a shell, quote the whole command: fanout 'a={}; x; y; z'`},
		{[]string{"A={%}", "cmd"}, `"A={%}" is not a program; for a shell, quote the whole command: fanout 'A={%} cmd'`},
		{[]string{"CUDA_VISIBLE_DEVICES={%}", "python3", "it's.py"}, `quote the whole command: fanout 'CUDA_VISIBLE_DEVICES={%} python3 it'\''s.py'`},
		{[]string{"A=1", "B=2", "cmd"}, `"A=1" is not a program`},
		{[]string{"A+=1", "cmd"}, `"A+=1" is not a program`},
		{[]string{"cd {} &&", "ls"}, `"cd {} &&" is not a program`},
		{[]string{"(cd", "{};", "ls)"}, `"(cd" is not a program`},
		{[]string{"cat|", "wc"}, `"cat|" is not a program`},
		{[]string{"$HOME/bin/x", "{}"}, `"$HOME/bin/x" is not a program`},
		{[]string{">out", "echo"}, `">out" is not a program`},

		{[]string{"convert {} -resize 50%", "{.}.jpg"}, `"convert {} -resize 50%" is not a program`},
		{[]string{"echo {}", ">", "out"}, `quote the whole command: fanout 'echo {} > out'`},
		{[]string{"for x in {}", "do"}, `"for x in {}" is not a program`},
		{[]string{"cd {}", "ls"}, `"cd {}" is not a program; for items, write ::: before them: fanout 'cd {}' ::: ls; if they belong to the script, write them inside the quotes`},
		{[]string{"echo {}", "it's", "a b"}, `"echo {}" is not a program; for items, write ::: before them: fanout 'echo {}' ::: 'it'\''s' 'a b'; if they belong to the script, write them inside the quotes`},
		{[]string{"cat {} | wc", "a"}, `fanout 'cat {} | wc' ::: a; if they belong to the script, write them inside the quotes`},

		{[]string{"./My Tools/{}", "x"}, ""},
		{[]string{"{} {}", "x"}, ""},
		{[]string{"no {}", "x"}, ""},
		{[]string{"a=b", "x"}, ""},
		{[]string{"x;y", "z"}, ""},
		{[]string{"my prog", "z"}, ""},
		{[]string{"no prog", "z"}, ""}, // it is looked for, and told of as not found
		{[]string{"a={}; x; y; z"}, ""},
		{[]string{"A={%} cmd"}, ""},
		{[]string{"{}", "x"}, ""},
		{[]string{"./{}.sh", "x"}, ""},
		{[]string{"./a=b/c", "x"}, ""},
		{[]string{"1=2", "x"}, ""},
		{[]string{"-x=1", "x"}, ""},
		{[]string{"echo", "a=b", "x;y"}, ""},
		{[]string{"env", "A={%}", "cmd"}, ""},
		{[]string{"[", "a", "=", "a", "]"}, ""},
	} {
		got := ""
		if err := checkFirst(tt.command, false, found); err != nil {
			got = err.Error()
		}
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.command, got, tt.want)
		}
	}
}

// plannedOf returns a plan for COMMAND.
func plannedOf(command []string) (p planned) {
	p.Template.Command = command
	return p
}

// TestMeant: only a program that does not exist gets a hint about a subcommand.
func TestMeant(t *testing.T) {
	root := (&app{}).root()
	for command, want := range map[string]string{
		"repot j": "; did you mean fanout report?", "pss": "; did you mean fanout ps?", "verison": "; did you mean fanout version?", "bnech x": "; did you mean fanout bench?",
		"cleanpu": "; did you mean fanout cleanup?", "trak -- x": "; did you mean fanout track?", "confg": "; did you mean fanout config?", "hepl": "; did you mean fanout help?",
		"completoin bash": "; did you mean fanout completion?", "status": "; did you mean fanout ps?", "clean": "; did you mean fanout cleanup?",
		"for i in": "; for a shell, quote the whole command: fanout 'for i in'",
		"x":        "", "sp": "", "for": "", "gcc": "", "convert a": "", "wroker": "", "doit": "", "cp1": "",
	} {
		words := strings.Fields(command)
		err := error(&execute.CommandError{Name: words[0], Err: fs.ErrNotExist})
		got := meant(root, plannedOf(words), fmt.Errorf("run: %w", err))
		if want = "run: " + words[0] + ": command not found" + want; got.Error() != want || !errors.Is(got, fs.ErrNotExist) {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	for _, err := range []error{
		errors.New("other"),
		&execute.CommandError{Name: "repot", Err: fs.ErrPermission},
		&execute.CommandError{Name: "repot", Err: fs.ErrNotExist, Hint: "known"},
	} {
		if got := meant(root, plannedOf([]string{"repot", "j"}), err); got != err {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// TestNothingRead: the files that may have been meant as items are those at the end.
func TestNothingRead(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.txt", "b c.txt", "it's"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, tt := range []struct {
		command []string
		want    string
	}{
		{[]string{"wc", "-l", "a.txt", "b c.txt"}, "did you mean fanout wc -l ::: a.txt 'b c.txt'?"},
		{[]string{"gzip", "it's"}, `did you mean fanout gzip ::: 'it'\''s'?`},
		{[]string{"wc", "a.txt", "none"}, ""},
		{[]string{"cp", "a.txt", "dir"}, ""},
		{[]string{"./a.txt"}, ""},
		{[]string{"wc -l a.txt"}, ""},
		{[]string{"wc"}, ""},
	} {
		var p planned
		p.Template.Command = tt.command
		if got := nothingRead(p, null); (got == "") != (tt.want == "") || !strings.HasSuffix(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.command, got, tt.want)
		}
		file, err := os.Open("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if got := nothingRead(p, file); got != "" {
			t.Errorf("%q with a file as input: %q", tt.command, got)
		}
	}
}

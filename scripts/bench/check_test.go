package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"
)

func TestCheckNumbers(t *testing.T) {
	tests := map[string]struct {
		text    string
		ordered bool
		ok      bool
	}{
		"ordered":           {"1\n2\n3\n", true, true},
		"any order":         {"2\n3\n1\n", false, true},
		"not in order":      {"2\n1\n3\n", true, false},
		"one lost":          {"1\n2\n", false, false},
		"one twice":         {"1\n2\n2\n3\n", false, false},
		"same sum":          {"2\n2\n2\n", false, false},
		"no newline":        {"1\n2\n3", false, false},
		"mixed":             {"1\n23\n\n", false, false},
		"stray byte":        {"1\n2\n3\nx", false, false},
		"nothing":           {"", false, false},
		"longer than asked": {"1\n2\n3\n4", false, false},
	}
	for name, test := range tests {
		err := checkNumbers(iotest.OneByteReader(strings.NewReader(test.text)), 3, test.ordered)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckRuns(t *testing.T) {
	tests := map[string]bool{
		"aaabbbccc": true, "cccaaabbb": true,
		"aaabbb": false, "aaabbbcc": false, "aababbccc": false, "aaabbbaaa": false, "aaabbbcccc": false, "aaaxxxbbb": false,
	}
	for text, ok := range tests {
		if err := checkRuns(strings.NewReader(text), "abc", 3); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
		if err := checkRuns(iotest.HalfReader(strings.NewReader(text)), "abc", 3); (err == nil) != ok {
			t.Errorf("%s in halves: %v", text, err)
		}
	}
	long := bytes.Repeat([]byte("a"), 3*blockSize+5)
	if err := checkRuns(bytes.NewReader(long), "a", len(long)); err != nil {
		t.Error(err)
	}
}

// piped gives text to check the way a program would.
func piped(t *testing.T, text string, check check) error {
	t.Helper()
	fds := make([]int, 2)
	if err := unix.Pipe2(fds, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	w := os.NewFile(uintptr(fds[1]), "pipe")
	go func() {
		defer w.Close()
		_, _ = w.WriteString(text)
	}()
	defer unix.Close(fds[0])
	return check(&stream{fd: fds[0]})
}

func TestStreamChecks(t *testing.T) {
	lines := sameLines([]byte("5\n7\n7\n"))
	tests := []struct {
		name  string
		text  string
		check check
		ok    bool
	}{
		{"nothing", "", nothing, true},
		{"not nothing", "x", nothing, false},
		{"same lines", "7\n5\n7\n", lines, true},
		{"other lines", "7\n5\n5\n", lines, false},
		{"count", strings.Repeat("x", 300000), byteCount(300000), true},
		{"too few", strings.Repeat("x", 300000), byteCount(300001), false},
	}
	for _, test := range tests {
		if err := piped(t, test.text, test.check); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

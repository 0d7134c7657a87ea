package input

import (
	"bufio"
	"bytes"
	"context"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"fanout/internal/job"
)

// numbers is what seq 1 n prints.
func numbers(n int) []byte {
	var b []byte
	for i := range n {
		b = strconv.AppendInt(b, int64(i+1), 10)
		b = append(b, '\n')
	}
	return b
}

func benchmarkItems(b *testing.B, spec Spec, data []byte, items int) {
	path := filepath.Join(b.TempDir(), "in")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	spec.Sources = []Source{{Path: path, IsFile: true}}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in, err := Open(spec, nil)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range in.Items(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != items {
			b.Fatalf("%d items, want %d", n, items)
		}
	}
	reportRate(b, items)
}

func reportRate(b *testing.B, items int) {
	b.ReportMetric(float64(items)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mitems/s")
}

func BenchmarkShortLines(b *testing.B) {
	benchmarkItems(b, Spec{Delimiter: "\n"}, numbers(1e6), 1e6)
}

func BenchmarkShortLinesCRLF(b *testing.B) {
	benchmarkItems(b, Spec{Delimiter: "\r\n"}, bytes.ReplaceAll(numbers(1e6), []byte("\n"), []byte("\r\n")), 1e6)
}

func BenchmarkShellWords(b *testing.B) {
	benchmarkItems(b, Spec{Format: Shell}, numbers(1e6), 1e6)
}

func BenchmarkPathLines(b *testing.B) {
	line := []byte("./src/some/directory/with/a/name/of/usual/length/file-0001.jpeg\n")
	benchmarkItems(b, Spec{Delimiter: "\n"}, bytes.Repeat(line, 1e5), 1e5)
}

func BenchmarkHugeLines(b *testing.B) {
	line := append(bytes.Repeat([]byte("x"), 16<<20), '\n')
	benchmarkItems(b, Spec{Delimiter: "\n"}, bytes.Repeat(line, 4), 4)
}

// BenchmarkScanner is the rival: a loop over bufio.Scanner that keeps each line in an Item.
func BenchmarkScanner(b *testing.B) {
	const items = 1e6
	data := numbers(items)
	path := filepath.Join(b.TempDir(), "in")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var kept job.Item
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		scanner := bufio.NewScanner(f)
		scanner.Buffer(make([]byte, bufferSize), bufferKept)
		for scanner.Scan() {
			kept = job.Item{Seq: kept.Seq + 1, Fields: []string{scanner.Text()}}
		}
		f.Close()
	}
	reportRate(b, items)
}

// BenchmarkPull measures the scheduler's way of reading.
func BenchmarkPull(b *testing.B) {
	const items = 1e6
	path := filepath.Join(b.TempDir(), "in")
	if err := os.WriteFile(path, numbers(items), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		in, err := Open(Spec{Delimiter: "\n", Sources: []Source{{Path: path, IsFile: true}}}, nil)
		if err != nil {
			b.Fatal(err)
		}
		next, stop := iter.Pull2(in.Items(context.Background()))
		for _, _, ok := next(); ok; _, _, ok = next() {
		}
		stop()
	}
	reportRate(b, items)
}

func BenchmarkProduct(b *testing.B) {
	column := make([]string, 1000)
	for i := range column {
		column[i] = strconv.Itoa(i)
	}
	spec := Spec{Delimiter: "\n", Sources: []Source{{Args: column}, {Args: column}}}
	b.ReportAllocs()
	for b.Loop() {
		in, err := Open(spec, nil)
		if err != nil {
			b.Fatal(err)
		}
		for range in.Items(context.Background()) {
		}
	}
	reportRate(b, len(column)*len(column))
}

func benchmarkRows(b *testing.B, spec Spec, picked []string, row string) {
	const rows = 200_000
	data := strings.Repeat(row+"\n", rows)
	path := filepath.Join(b.TempDir(), "in")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		b.Fatal(err)
	}
	spec.Delimiter = newline
	spec.Sources = []Source{{Path: path, IsFile: true}}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in, err := Open(spec, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := in.Schema(b.Context()); err != nil {
			b.Fatal(err)
		}
		in.Use(picked, 2)
		n := 0
		for it, err := range in.Items(b.Context()) {
			if err != nil || it.Err != nil {
				b.Fatal(err, it.Err)
			}
			n++
		}
		if n != rows {
			b.Fatalf("%d rows", n)
		}
	}
	reportRate(b, rows)
}

func BenchmarkCSV(b *testing.B) {
	benchmarkRows(b, Spec{Format: CSV}, nil, "17,some name,user@example.org")
}

func BenchmarkColumns(b *testing.B) {
	benchmarkRows(b, Spec{Format: Columns, ColSep: regexp.MustCompile(`\s+`)}, nil, "17 some-name user@example.org")
}

func BenchmarkJSONL(b *testing.B) {
	benchmarkRows(b, Spec{Format: JSONL}, []string{"name"}, `{"id":17,"name":"some name","mail":"user@example.org"}`)
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	gzipFiles       = 1000
	tenMillionItems = 10000000
	oneBigBytes     = 4000000000
	eightLetters    = "abcdefgh"
	eightBytes      = 500000000 // each
	eightNeeds      = 12 << 30  // the files, the spilled output of as many bytes, and room to breathe
	proofItems      = 50000000
)

// makeSmallFiles writes the same bytes on every machine and lets plain sh say what the right output is.
func makeSmallFiles(ctx context.Context, s site) (check, error) {
	var text strings.Builder
	seed := uint32(1)
	for i := range gzipFiles {
		text.Reset()
		for text.Len() < 2000 {
			seed = seed*1664525 + 1013904223
			fmt.Fprintf(&text, "%d word-%d\n", i, seed>>20)
		}
		path := filepath.Join(s.dir, fmt.Sprintf("file-%04d.txt", i+1))
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, minute)
	defer cancel()
	serial := exec.CommandContext(ctx, "/bin/sh", "-c", `for f in *; do gzip -c "$f" | wc -c; done`)
	serial.Dir, serial.Env = s.dir, s.env
	want, err := serial.Output()
	if err != nil {
		return nil, fmt.Errorf("asking sh for the right output: %w", err)
	}
	return sameLines(want), nil
}

func tenMillion(name string, check check, argv ...string) work {
	return work{
		name:    name,
		about:   "ten million items in flat memory",
		fanout:  contestant{command: feed("seq 10000000", argv...), items: tenMillionItems, check: check},
		targets: []target{{measure: peakMemory, limit: 64 * mib}, {measure: itemsPerSecond}},
		slow:    true,
		timeout: 10 * minute,
	}
}

// oneBig uses head because it fills a pipe faster than dd, cat and yes: the job must not be what is measured. The bare
// head shows what the pipe itself allows. Zeros cannot show bytes out of order, so the proof prints numbers.
func oneBig() work {
	size := fmt.Sprint(int64(oneBigBytes))
	return work{
		name:  "one-big",
		about: "one job that prints 4 GB, in order",
		fanout: contestant{
			command: plain("fanout", "-k", "head -c {} /dev/zero", ":::", size), items: 1, check: byteCount(oneBigBytes),
		},
		rivals: []contestant{
			{command: plain("head", "-c", size, "/dev/zero"), items: 1, check: byteCount(oneBigBytes)},
		},
		proof: &contestant{
			command: plain("fanout", "-k", "seq {}", ":::", fmt.Sprint(proofItems)), check: numbers(proofItems, true),
		},
		targets: []target{
			{measure: bytesPerSecond, limit: 1e9, bytes: oneBigBytes},
			{measure: peakMemory, limit: 128 * mib},
		},
		rounds: 5, timeout: 3 * minute,
	}
}

func eightBig() work {
	files := strings.Split(eightLetters, "")
	letters := runs(eightLetters, eightBytes)
	return work{
		name:  "eight-big",
		about: "8 jobs at once that print 500 MB each, every byte of the file NAME being the letter NAME",
		fanout: contestant{
			command: plain(append([]string{"fanout", "-j8", "cat", ":::"}, files...)...), items: 8, check: letters,
		},
		rivals: []contestant{{command: plain(append([]string{"cat"}, files...)...), items: 8, check: letters}},
		targets: []target{
			{measure: wallRatio, rival: "cat", limit: 2},
			{measure: peakMemory, limit: 128 * mib},
		},
		rounds: longRounds, settle: true, timeout: 5 * time.Minute,
		prepare: func(_ context.Context, s site) (check, error) { return nil, makeLetterFiles(s.dir) },
	}
}

func makeLetterFiles(dir string) error {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("asking for the free space: %w", err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < eightNeeds {
		return skipped(fmt.Sprintf("needs %d GiB in %s", eightNeeds>>30, os.TempDir()))
	}
	for _, letter := range []byte(eightLetters) {
		file, err := os.Create(filepath.Join(dir, string(letter)))
		if err != nil {
			return err
		}
		block := bytes.Repeat([]byte{letter}, eightBytes/100)
		for range 100 {
			if _, err := file.Write(block); err != nil {
				file.Close()
				return err
			}
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

package e2e_test

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// badSSH is an ssh client with bad connections. It splits the data into small pieces and delays some of them, and the
// first connections of a run break in the middle of its jobs. The remote end is a process on this machine, which
// notices as much as it would of a lost network.
func badSSH() int {
	remote := exec.Command("sh", "-c", os.Args[len(os.Args)-1])
	remote.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GORACE=" + fastExit}
	remote.Dir = "/"
	remote.Stderr = os.Stderr
	remote.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, errIn := remote.StdinPipe()
	out, errOut := remote.StdoutPipe()
	if errIn != nil || errOut != nil || remote.Start() != nil {
		return lostConnection
	}
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	go func() { // ends with this process
		tear(in, os.Stdin, rand.New(rand.NewPCG(uint64(os.Getpid()), 2)), 1<<62)
		in.Close()
	}()
	if whole := tear(os.Stdout, out, random, mostBytes()); !whole {
		os.Mkdir(filepath.Join(os.Getenv("BADSSH"), "lost"), 0o777) // the test looks for it
		return lostConnection
	}
	remote.Wait()
	return remote.ProcessState.ExitCode()
}

const lostConnection = 255

// mostBytes returns how many bytes arrive from the remote end before the connection breaks. The number grows with each
// connection of the run, so that the run can finish.
func mostBytes() int64 {
	const first, times, lost = 1 << 20, 8, 2
	run, _, _ := strings.Cut(os.Getenv("FANOUT_MARK"), ".")
	dir := filepath.Join(os.Getenv("BADSSH"), run)
	os.Mkdir(dir, 0o777)
	most := int64(first)
	for n := range lost {
		if os.Mkdir(filepath.Join(dir, string(rune('a'+n))), 0o777) == nil {
			return most
		}
		most *= times
	}
	return 1 << 62
}

// tear copies up to a limit of bytes, in pieces of random size. It reports false if it stopped at the limit.
func tear(to io.Writer, from io.Reader, random *rand.Rand, most int64) bool {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		for b := buf[:n]; len(b) > 0; {
			piece := b[:1+random.IntN(len(b))]
			if most -= int64(len(piece)); most < 0 {
				return false
			}
			const often, longest = 50, 20 * time.Millisecond
			if random.IntN(often) == 0 {
				time.Sleep(time.Duration(random.Int64N(int64(longest))))
			}
			if _, err := to.Write(piece); err != nil {
				return true
			}
			b = b[len(piece):]
		}
		if err != nil {
			return true
		}
	}
}

// TestConformanceBadConnections runs the conformance scripts over bad connections.
func TestConformanceBadConnections(t *testing.T) {
	testkit.Slow(t)
	needsOfScript(t, "testdata/backends/conformance.txtar")
	dir := t.TempDir()
	t.Run("scripts", func(t *testing.T) {
		runScriptsOf(t, "testdata/backends", map[string]string{
			"FANOUT_BACKEND": "ssh", "FANOUT_HOSTS": "n1:2,n2:2", "FANOUT_SSH_COMMAND": "badssh", "FANOUT_RETRIES": "5",
			"BADSSH": dir, "MACHINE": "n[12]",
		})
	})
	if _, err := os.Stat(filepath.Join(dir, "lost")); err != nil {
		t.Errorf("no connection was lost: %v", err)
	}
}

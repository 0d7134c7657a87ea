package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"fanout/internal/guardian"
	"fanout/internal/process"
	"fanout/internal/registry"
	"fanout/internal/remote"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// hiddenVerb does what a backend asks of fanout worker on another machine, and what a warden does. ok is false for other
// arguments.
func hiddenVerb(args []string, stdin, stdout, stderr *os.File) (code int, ok bool) {
	if len(args) < 2 || args[0] != workerCommand {
		return 0, false
	}
	switch verb := args[1]; {
	case verb == "--far" && len(args) == 2:
		return serveRemote(stdin, stdout, stderr), true
	case verb == "--identity" && len(args) == 2:
		id, err := identity(process.OwnPath())
		if err != nil {
			fmt.Fprintf(stderr, "fanout worker: %s\n", text.Error(err))
			return exitFanout, true
		}
		fmt.Fprintln(stdout, id)
		return exitOK, true
	case verb == "--clean" && len(args) == 3:
		return cleanAfter(args[2], stdout, stderr), true
	case verb == afterVerb && len(args) == 5:
		return endAfter(args[2], args[3], args[4]), true
	}
	return 0, false
}

// ownProgram describes this fanout, for hosts that do not have it.
func ownProgram() (p remote.Program, err error) {
	p.Path = process.OwnPath()
	info, err := os.Stat(p.Path)
	if err != nil {
		return p, err
	}
	p.Size = info.Size()
	if p.Sum, err = checksum(p.Path); err == nil {
		p.Identity, err = identity(p.Path)
	}
	return p, err
}

// identity is equal for two programs that do the same: the version of a release, or else a checksum.
func identity(path string) (string, error) {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") && !strings.Contains(info.Main.Version, "+") {
		return info.Main.Version, nil
	}
	return checksum(path)
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// serveRemote is a worker on another machine than its runner, and its guardian: without one, nobody there would end its
// leftovers when it is killed.
func serveRemote(stdin, stdout, stderr *os.File) int {
	code, ran, _ := guardian.GuardRemote(workerCommand, afterVerb)
	if ran {
		return code
	}
	link := guardian.Attach()
	pid := 0
	if link != nil {
		pid = link.Pid()
		go func() { // ends with the link
			for s := range link.Signals() {
				syscall.Kill(os.Getpid(), s)
			}
		}()
	}
	var entry *registry.Registration
	heard := make(chan struct{})
	met := func(from worker.Remote) {
		close(heard)
		// a worker of the same run may have been killed together with its guardian
		cleanUp(from.Run, io.Discard)
		if link != nil && from.Silence > 0 {
			link.Silence(from.Silence)
		}
		own, err := registry.NewRunID()
		if err == nil {
			entry, err = registry.Register(registry.DefaultDir(), registry.Entry{
				RunID: own, For: from.Run, Guardian: pid, Command: []string{"fanout", "worker", "of", "run", registry.ShortID(from.Run), "on", from.Host}, Dir: from.Dir,
			})
		}
		if err != nil {
			fmt.Fprintf(stderr, "fanout worker: this worker is not in the registry: %s\n", text.Error(err))
			return
		}
		os.Setenv(process.JobIDVariable, strings.TrimSpace(os.Getenv(process.JobIDVariable)+" "+own+worker.RemoteSuffix))
	}
	ended := make(chan error, 1)
	go func() { ended <- worker.Main(built(), stdin, stdout, stderr, met) }()
	if !hearsFirstWord(heard, ended) {
		return workerCode(worker.ErrSilent, stderr) // the guardian ends leftovers
	}
	err := <-ended
	if entry != nil {
		entry.Close()
	}
	if err == nil && link != nil { // else the guardian ends leftovers
		link.Done()
		link.Close()
	}
	return workerCode(err, stderr)
}

// hearsFirstWord waits until the runner has said what the worker is for, or the worker has ended. Then the runner's own
// limit of silence holds. A Slurm step that was cancelled while it began has left its worker with an input that nobody
// writes to or closes.
func hearsFirstWord(heard <-chan struct{}, ended chan error) bool {
	const most = time.Minute
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-heard:
		return true
	case err := <-ended:
		ended <- err
		return true
	case <-late.C:
		return false
	}
}

// cleanAfter ends the leftovers of a run's workers on this machine, and lists them.
func cleanAfter(run string, stdout, stderr io.Writer) int {
	if err := cleanUp(run, stdout); err != nil {
		fmt.Fprintf(stderr, "fanout worker: %s\n", text.Error(err))
		return exitFanout
	}
	return exitOK
}

// cleanUp ends the leftovers of dead workers of a run.
func cleanUp(run string, out io.Writer) error {
	runs, err := registry.Open()
	if err != nil {
		return err
	}
	defer runs.Close()
	c := registry.Cleanup{Grace: time.Second, For: run, Tell: func(r registry.Report) {
		if r.Deed == registry.Killed || r.Deed == registry.NotKilled {
			fmt.Fprintf(out, "%s process %d, %s\n", r.Deed, r.PID, words(r.Command))
		}
	}}
	return c.Do(runs)
}

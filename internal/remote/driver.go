package remote

import (
	"bufio"
	"context"
	_ "embed" // of the driver
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"fanout/internal/execute"
	"fanout/internal/pool"
	"fanout/internal/process"
)

// driverSource is the program that has Ray run workers.
//
//go:embed driver.py
var driverSource string

// driver is a Python that is connected to a Ray cluster, and our side of the frames that
// driver.py describes.
type driver struct {
	program *process.Program
	said    *tagged
	ready   chan error    // how connecting has ended
	over    chan struct{} // closed when it says nothing more

	// What goes to it. Nobody waits for it to be taken: a driver that is stuck must not keep
	// others from giving it up. Of each worker's input there is one piece at most.
	out *pool.Outbox

	mu     sync.Mutex // guards these
	actors map[uint32]*actor
	last   uint32
	ended  bool
}

// settings is what the driver has to know first.
type settings struct {
	Address     string             `json:"address"`
	CPUs        float64            `json:"cpus"`
	GPUs        float64            `json:"gpus"`
	Memory      int64              `json:"memory"`
	Resources   map[string]float64 `json:"resources"`
	Run         string             `json:"run"`
	Environment []string           `json:"environment"`
}

// startDriver starts it with a Python.
func startDriver(near Here, python string) (*driver, error) {
	d := &driver{
		said:  &tagged{to: near.Stderr, host: "Ray"},
		ready: make(chan error, 1), over: make(chan struct{}), actors: map[uint32]*actor{}, out: pool.NewOutbox(),
	}
	mark := near.Run + ".ray"
	// Under uv, Ray would install the project of the directory that it is in on all nodes.
	env := append(execute.Environ(near.Environ, near.Run, mark), "RAY_ENABLE_UV_RUN_RUNTIME_ENV=0")
	var err error
	d.program, err = near.Supervisor.StartProgram(process.Command{
		Path: python, Argv: []string{python, "-c", driverSource}, Env: env, Session: true,
	}, mark, d.said)
	if err != nil {
		return nil, errors.New(execute.StartError(python, err).Error())
	}
	go d.read() // until the program ends
	go func() { // until that, or close
		d.out.Copy(d.program.Stdin)
		d.program.Stdin.Close()
	}()
	return d, nil
}

// connect waits until the cluster is.
func (d *driver) connect(ctx context.Context, s settings) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	d.send(0, 'C', text)
	select {
	case err := <-d.ready:
		return err
	case <-d.over:
		if said := d.said.last(); said != "" {
			return fmt.Errorf("the driver of Ray has ended: %s", said)
		}
		return errors.New("the driver of Ray has ended without a word")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close ends it, by force when it takes too long.
func (d *driver) close(ctx context.Context, most time.Duration) error {
	d.out.Close()
	select {
	case <-d.over:
	case <-time.After(most):
		d.program.Kill()
	case <-ctx.Done():
		d.program.Kill()
	}
	d.program.Wait()
	d.program.Stdout.Close()
	return nil
}

// A frame's head is the number of a worker, a kind and a length.
const headSize = 4 + 1 + 4

func (d *driver) send(number uint32, kind byte, body []byte) {
	d.out.Add(func(b []byte) []byte {
		b = binary.BigEndian.AppendUint32(b, number)
		b = append(b, kind)
		b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
		return append(b, body...)
	})
	d.out.Flush()
}

// read obeys the driver until its end, and then ends its actors.
func (d *driver) read() {
	r := bufio.NewReaderSize(d.program.Stdout, 64<<10)
	for {
		var head [headSize]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			break
		}
		number, kind, size := binary.BigEndian.Uint32(head[:]), head[4], binary.BigEndian.Uint32(head[5:])
		const most = 1 << 20
		if size > most {
			break
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(r, body); err != nil {
			break
		}
		d.obey(number, kind, body)
	}
	d.mu.Lock()
	d.ended = true
	left := d.actors
	d.actors = nil
	d.mu.Unlock()
	for _, a := range left {
		a.end(lostStatus, "Ray's driver has ended")
	}
	close(d.over)
}

func (d *driver) obey(number uint32, kind byte, body []byte) {
	switch kind {
	case 'R':
		d.ready <- nil
		return
	case 'F':
		d.ready <- errors.New(string(body))
		return
	}
	d.mu.Lock()
	a := d.actors[number]
	if kind == 'Z' {
		delete(d.actors, number)
	}
	d.mu.Unlock()
	if a == nil {
		return
	}
	switch kind {
	case 'A':
		select {
		case a.taken <- struct{}{}:
		default: // there was nothing to be taken
		}
	case 'D':
		select {
		case a.output <- body:
		case <-a.ended: // it was given up
		}
	case 'X':
		a.stderr.Write(body)
	case 'Z':
		if len(body) >= statusSize {
			a.end(int(int32(binary.BigEndian.Uint32(body))), string(body[statusSize:]))
		}
	}
}

const statusSize = 4

// forget gives up an actor of which nothing is heard any more.
func (d *driver) forget(a *actor) {
	d.mu.Lock()
	_, there := d.actors[a.number]
	delete(d.actors, a.number)
	d.mu.Unlock()
	if there {
		a.end(lostStatus, "Ray does not answer")
	}
}

// launch starts an actor that runs a script.
func (d *driver) launch(script string, stderr *tagged) (peer, error) {
	d.mu.Lock()
	if d.ended {
		d.mu.Unlock()
		return nil, errors.New("the driver of Ray has ended")
	}
	d.last++
	a := &actor{
		driver: d, number: d.last, stderr: stderr,
		output: make(chan []byte, pieces), taken: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	d.actors[a.number] = a
	d.mu.Unlock()
	d.send(a.number, 'L', []byte(script))
	return a, nil
}

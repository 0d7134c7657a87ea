package remote

import (
	"bufio"
	"context"
	_ "embed" // of the program
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"fanout/internal/execute"
	"fanout/internal/outbox"
	"fanout/internal/process"
)

// driverSource is the Python program that lets Ray run workers.
//
//go:embed driver.py
var driverSource string

// driver is a Python that is connected to a Ray cluster, and our side of the frames that driver.py describes. It is the
// starter of Ray's workers.
type driver struct {
	program *process.Program
	said    *relay
	ready   chan error    // gets the result of connecting
	over    chan struct{} // closed when no more frames come

	// out goes to it. Nobody waits until it is read: a stuck driver must not keep others from giving it up. It holds
	// one piece of each worker's input at most.
	out *outbox.Outbox

	mu     sync.Mutex // guards these
	actors map[uint32]*actor
	last   uint32
	ended  bool
}

// settings is what the driver has to know before all else, as JSON.
type settings struct {
	Address     string             `json:"address"`
	CPUs        float64            `json:"cpus"`
	GPUs        float64            `json:"gpus"`
	Memory      int64              `json:"memory"`
	Resources   map[string]float64 `json:"resources"`
	Run         string             `json:"run"`
	Environment []string           `json:"environment"`
}

// startDriver starts the driver with this Python.
func startDriver(here Here, python string) (*driver, error) {
	d := &driver{
		said:  newRelay(here.Stderr, "Ray", messages{}),
		ready: make(chan error, 1), over: make(chan struct{}), actors: map[uint32]*actor{}, out: outbox.New(),
	}
	jobID := here.Run + ".ray"
	// Under uv, Ray would install the project in the current directory on all nodes.
	env := append(execute.Environ(here.Environ, here.Run, jobID), "RAY_ENABLE_UV_RUN_RUNTIME_ENV=0")
	var err error
	d.program, err = here.Supervisor.StartProgram(process.Command{
		Path: python, Argv: []string{python, "-c", driverSource}, Env: env, Session: true,
	}, jobID, d.said)
	if err != nil {
		return nil, errors.New(execute.StartError(python, err).Error())
	}
	go d.read() // until the program ends
	go func() { // until then, or close
		d.out.Copy(d.program.Stdin)
		d.program.Stdin.Close()
	}()
	return d, nil
}

// connect connects the driver to the cluster.
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
		return errors.New("the driver of Ray has ended without a message")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close ends the driver, by force when it takes too long.
func (d *driver) close(ctx context.Context, most time.Duration) {
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
}

// headSize is the size of a frame's head: the number of a worker, a kind and a length.
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

// read handles the driver's frames until it ends, and then ends its actors.
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
		default: // nothing was on its way
		}
	case 'D':
		select {
		case a.output <- body:
		case <-a.ended: // it has been given up
		}
	case 'X':
		a.stderr.Write(body)
	case 'Z':
		if len(body) >= statusSize {
			a.end(int(int32(binary.BigEndian.Uint32(body))), string(body[statusSize:]))
		}
	}
}

// statusSize is the size of the status before the reason in a frame of kind Z.
const statusSize = 4

// forget gives up an actor that does not answer.
func (d *driver) forget(a *actor) {
	d.mu.Lock()
	_, there := d.actors[a.number]
	delete(d.actors, a.number)
	d.mu.Unlock()
	if there {
		a.end(lostStatus, "Ray does not answer")
	}
}

// begin is part of starter. The job ID is in the script.
func (d *driver) begin(_, script string, stderr *relay) (peer, error) {
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

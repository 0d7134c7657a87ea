// Long lines: those that are spilled are written by the goroutine, since no slot is to wait for the reader as long as
// that takes.

package collect

// longLines are the lines of one of our outputs that do not fit into memory. The lock of the lines guards them.
type longLines struct {
	queue  []*held
	behind []byte // the lines that came after them
}

// queueLong queues lines, of which the first is spilled. What is held belongs to the queue from now on.
func (c *Collector) queueLong(number int, h *held, lines []byte) {
	queued := *h
	*h = held{}
	before := cap(queued.buf)
	queued.buf = append(queued.buf, lines...)
	c.memory.used.Add(int64(cap(queued.buf) - before))
	c.lines.Lock()
	c.long[number].queue = append(c.long[number].queue, &queued)
	c.longs.Add(1)
	c.lines.Unlock()
	c.Wake()
}

// sendLongs writes the long lines of an output, and waits for its reader.
func (c *Collector) sendLongs(number int) {
	for {
		c.lines.Lock()
		queue := c.long[number].queue
		c.lines.Unlock()
		if len(queue) == 0 {
			return
		}
		c.sendLong(number, queue[0])
		c.release(queue[0]) // something is left only after a failure
		c.unqueueLong(number)
	}
}

// sendLong writes what is held. Nobody else writes to the file meanwhile.
func (c *Collector) sendLong(number int, h *held) {
	file := c.files[number]
	for !c.failed.Load() {
		full, err := file.TryFlush(nil)
		if !full && err == nil {
			if h.empty() {
				return
			}
			full, err = c.sendSome(file, h)
		}
		if full {
			err = file.AwaitReader()
		}
		if err != nil {
			c.fail(err)
		}
	}
}

// unqueueLong takes out the first, and lets others write again after the last.
func (c *Collector) unqueueLong(number int) {
	c.lines.Lock()
	defer c.lines.Unlock()
	c.longs.Add(-1)
	l := &c.long[number]
	if l.queue = l.queue[1:]; len(l.queue) > 0 {
		return
	}
	behind := l.behind
	*l = longLines{}
	c.tryLines(number, behind) // where it fails, the run is being ended
}

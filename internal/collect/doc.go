// Package collect brings the output of many jobs, each written by its slot's goroutine, into one stream: in groups, by
// lines, in order, tagged. It spills to disk what does not fit into memory.
//
// # Who writes
//
// Each of our own outputs, a [sink.File], has one writer at any moment. By default that is the one goroutine of the
// [Collector], which writes what finished jobs have left. It lends the stream to one running job at a time: the head of
// the order, or a job whose output has outgrown memory. Then that job's slot writes, until the job ends. With [Line]
// all slots write, whole lines under a lock.
//
// # The states of a job's output
//
// A slot has an entry, which is in one of these states. Its lock guards the state and what is held.
//
//	state      what the slot does with the bytes that its job prints    what is next
//	holding    it holds them in memory, and then in the spill           asking, streaming or ended
//	asking     the same: they outgrow memory, so it asked to stream     streaming or ended
//	withheld   the same, and it never asks: the job may be retried,     ended
//	           or its output is wanted whole
//	lines      it writes complete lines, and holds the begun one        ended
//	streaming  it writes them, and holds what the reader does not       ended
//	           take now
//	ended      none come any more; what it held is a result             the slot's next job
//
// # The verbs that move bytes
//
// On the slot's side (stream.go, hold.go, lines.go) each says how far it came, as a progress: done, later or dropped.
//
//	take       accepts bytes: send, hold or takeLines, by the state
//	send       writes them, on the stream that is lent to the job
//	hold       keeps them until they can be written, and makes room for that
//	settle     moves on what was taken and is too much to hold; waits a moment at most
//	ask        queues the job for the stream
//
// On the goroutine's side (loop.go, deliver.go, long.go):
//
//	lend       writes what a running job holds, and lets its slot write
//	deliver    brings a result to the hooks and our outputs
//	sendSome   writes as much of what is held as is taken now
//	release    gives back the memory, or the room on disk, of what was held
package collect

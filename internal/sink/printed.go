package sink

import "io"

// Printed is what a job has printed to one of its outputs.
type Printed interface {
	Len() int64
	// Bytes returns all of it at once, if it is in memory.
	Bytes() ([]byte, bool)
	// Chunks yields it piece by piece, and at most one error, last. It can be called more than once. A piece is the
	// caller's until the next.
	Chunks(yield func([]byte, error) bool)
}

// copyPrinted writes all of it.
func copyPrinted(w io.Writer, p Printed) error {
	for chunk, err := range p.Chunks {
		if err == nil {
			_, err = w.Write(chunk)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

package sink

import (
	"fmt"
	"io"
	"os"

	"fanout/internal/sysio"
)

// copyFile is SendFile through our memory.
func (f *File) copyFile(file int, off int64, n int) (int, error) {
	buf := make([]byte, min(n, coalesce))
	n, err := sysio.Pread(file, buf, off)
	if err != nil {
		return 0, fmt.Errorf("reading spilled output: %w", os.NewSyscallError("pread", err))
	}
	if n == 0 {
		return 0, fmt.Errorf("reading spilled output: %w", io.ErrUnexpectedEOF)
	}
	return f.TryWrite(buf[:n])
}

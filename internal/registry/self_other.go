//go:build !linux

package registry

import (
	"os"
	"time"
)

// bootID is not known here: an entry is removed when its run is over, also if that was before the system's last start.
func bootID() string { return "" }

// booted is not known here.
func booted() time.Time { return time.Now() }

// pidNamespace returns 0: there are no such namespaces here.
func pidNamespace() uint64 { return 0 }

// unseen says nothing here: see [Cleanup.sweep].
func (*openEntry) unseen() string { return "" }

// startOf is not known here.
func startOf(int) uint64 { return 0 }

// isAncestor reports whether a process is our parent.
func isAncestor(pid int) bool { return os.Getppid() == pid }

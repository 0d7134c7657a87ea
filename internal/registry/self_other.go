//go:build !linux

package registry

// bootID is not known here: entries are removed when their run is over, also if
// that was before the system's last start.
func bootID() string { return "" }

// There are no such namespaces here.
func pidNamespace() uint64 { return 0 }

// unseen says nothing here: see hunt.
func (*record) unseen() string { return "" }

// startOf is not known here.
func startOf(int) uint64 { return 0 }

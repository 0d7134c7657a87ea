//go:build !linux

package testkit

// DefaultSignals does nothing: the tests of signals run on Linux alone.
func DefaultSignals() {}

//go:build !linux

package testkit

// DefaultSignals is for the tests of signals, which are Linux's.
func DefaultSignals() {}

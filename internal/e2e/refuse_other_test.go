//go:build !linux

package e2e_test

// refuse works on Linux only.
func refuse() int { return 99 }

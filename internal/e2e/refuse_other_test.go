//go:build !linux

package e2e_test

// refuse is for Linux.
func refuse() int { return 99 }

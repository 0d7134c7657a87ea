//go:build !linux

package main_test

// refuse is for Linux.
func refuse() int { return 99 }

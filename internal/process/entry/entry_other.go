//go:build !linux

// Package entry finds out which standard descriptors were closed, and which signals ignored, when the program was
// started. It cannot on this system.
package entry

import "os"

// Reopen does nothing.
func Reopen() {}

// Ignored returns none.
func Ignored() []os.Signal { return nil }

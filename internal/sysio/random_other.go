//go:build !linux

package sysio

import "crypto/rand"

// Random fills p with random bytes.
func Random(p []byte) error {
	_, err := rand.Read(p)
	return err
}

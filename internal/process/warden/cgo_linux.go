//go:build cgo

package warden

// withC says that this program may have a C library.
const withC = true

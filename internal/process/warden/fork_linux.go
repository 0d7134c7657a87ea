//go:build linux && (amd64 || arm64)

package warden

// fork starts the warden, and returns its pid or minus the error.
//
//go:noescape
func fork(s *state) (pid int)

// code returns where the warden's instructions begin.
func code() uintptr

//go:build linux && !amd64

package e2e_test

// refusalsHere lists system calls that other architectures do not have.
var refusalsHere []refusal

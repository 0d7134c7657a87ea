//go:build linux && !amd64

package e2e_test

// refusalsHere are calls that other machines do not have.
var refusalsHere []refusal

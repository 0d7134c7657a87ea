//go:build linux && !amd64

package main_test

// refusalsHere are calls that other machines do not have.
var refusalsHere []refusal

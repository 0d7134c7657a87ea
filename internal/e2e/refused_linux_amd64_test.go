package e2e_test

import "golang.org/x/sys/unix"

// refusalsHere lists system calls that other architectures do not have.
var refusalsHere = []refusal{
	{name: "dup2", number: unix.SYS_DUP2},
	{name: "newfstatat", number: unix.SYS_NEWFSTATAT, alias: "stat"},
	{name: "poll", number: unix.SYS_POLL},
	{name: "access", number: unix.SYS_ACCESS},
	{name: "getpgrp", number: unix.SYS_GETPGRP},
}

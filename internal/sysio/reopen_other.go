//go:build !linux

package sysio

func isMaster(int) bool { return false }

//go:build linux && !amd64 && !arm64

package vfork

func getOpenFiles(*Limit) {}

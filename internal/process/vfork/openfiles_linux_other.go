//go:build !amd64 && !arm64

package vfork

func getOpenFiles(*Limit) {}

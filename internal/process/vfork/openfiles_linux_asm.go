//go:build linux && (amd64 || arm64)

package vfork

//go:noescape
func getOpenFiles(l *Limit)

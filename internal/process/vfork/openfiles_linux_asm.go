//go:build amd64 || arm64

package vfork

//go:noescape
func getOpenFiles(l *Limit)

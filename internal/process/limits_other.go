//go:build !linux

package process

// systemArgLimits is macOS's ARG_MAX, which holds for one argument and for all.
func systemArgLimits() (one, total int) { return 1 << 20, 1 << 20 }

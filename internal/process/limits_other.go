//go:build !linux

package process

// systemArgLimits returns macOS's ARG_MAX, which limits both one argument and all.
func systemArgLimits() (one, total int) { return 1 << 20, 1 << 20 }

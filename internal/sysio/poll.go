package sysio

import "golang.org/x/sys/unix"

// Refused says that the system, or a sandbox, does not let this process make a call,
// whatever it is given.
func Refused(err error) bool {
	switch err {
	case unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EINVAL, unix.EOPNOTSUPP:
		return true
	default:
		return false
	}
}

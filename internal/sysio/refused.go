package sysio

import "golang.org/x/sys/unix"

// Refused reports whether an error may mean that the system does not know a call, or does not let this
// process use it: old kernels, emulators and sandboxes answer in all of these ways. Some calls have reasons
// of their own for the same answers.
func Refused(err error) bool {
	switch err {
	case unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EINVAL, unix.EOPNOTSUPP:
		return true
	}
	return false
}

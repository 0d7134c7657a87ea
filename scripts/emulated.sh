#!/bin/sh
# Runs PROGRAM where the system also starts programs for arm64, by qemu-user. The machine does not change: the
# registration is in namespaces that end with the program, which Linux has since 6.7. Where that is refused, PROGRAM runs
# with what the machine itself has registered.
#
#   go test -exec "$PWD/scripts/emulated.sh" -run TestEmulated ./internal/e2e
if ! command -v qemu-aarch64-static >/dev/null || ! unshare -Urm true 2>/dev/null; then
	exec "$@"
fi
# These are the fields of binfmt_misc: the head of an ELF file for arm64, and which of its bits count. F opens the emulator
# now; P passes the name by which the program is called.
exec unshare -Urm sh -c '
	head="\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00"
	bits="\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff"
	place=/proc/sys/fs/binfmt_misc
	mount -t binfmt_misc none $place 2>/dev/null &&
		printf %s ":fanout-arm64:M::$head:$bits:$(command -v qemu-aarch64-static):FP" >$place/register
	exec "$@"' sh "$@"

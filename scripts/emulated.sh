#!/bin/sh
# Becomes PROGRAM, for whom the system starts programs for arm64 too, by qemu-user. Nothing of the machine is changed:
# the registration is in namespaces that end with the program. Linux has that since 6.7. Where it is refused, PROGRAM
# runs all the same, and what the machine itself has registered counts.
#
#   go test -exec "$PWD/scripts/emulated.sh" -run TestEmulated ./internal/e2e
if ! command -v qemu-aarch64-static >/dev/null || ! unshare -Urm true 2>/dev/null; then
	exec "$@"
fi
# The fields are those of binfmt_misc: the head of an ELF file for arm64, and which of its bits count. F opens the
# emulator now, P hands it the name that the program is called by.
exec unshare -Urm sh -c '
	head="\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00"
	bits="\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff"
	place=/proc/sys/fs/binfmt_misc
	mount -t binfmt_misc none $place 2>/dev/null &&
		printf %s ":fanout-arm64:M::$head:$bits:$(command -v qemu-aarch64-static):FP" >$place/register
	exec "$@"' sh "$@"

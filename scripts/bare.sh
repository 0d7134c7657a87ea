#!/bin/sh
# Makes a directory DIR that is a PATH with git, make, Go, a shell and coreutils and nothing else:
#
#   scripts/bare.sh DIR && PATH=DIR make test
set -eu
dir=${1:?bare.sh DIR}
mkdir -p "$dir"
coreutils="[ b2sum base32 base64 basename basenc cat chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir
dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls
md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink
realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum
sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes"
for tool in git make go gofmt sh bash $coreutils; do
	found=$(IFS=:; for place in $PATH; do [ ! -x "$place/$tool" ] || { echo "$place/$tool"; break; }; done)
	case $found in
	/*) ln -sf "$found" "$dir/$tool" ;;
	*) echo "bare.sh: there is no $tool" >&2 ;;
	esac
done

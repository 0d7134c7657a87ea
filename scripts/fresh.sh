#!/usr/bin/env bash
# Tries a fresh machine: makes a bare Debian (git, make, Go and nothing else) and runs make demo and make test in it, as
# root and as an ordinary user. The user works in a directory with a blank in its name, without a terminal, with HUP
# ignored and at the lowest priority. Go and its modules come from this machine.
#
# It needs root, debootstrap and unshare, and a mirror of Debian: SUITE and MIRROR select it. All mounts and all processes
# are in namespaces of their own, so that none is left, however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "fresh.sh: it needs root, to make a system and change into it" >&2; exit 2; }
for tool in debootstrap unshare chroot; do
	command -v $tool >/dev/null || { echo "fresh.sh: there is no $tool (apt-get install debootstrap util-linux)" >&2; exit 2; }
done

if [ "${FRESH_ROOT:-}" = "" ]; then
	FRESH_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/fanout-fresh.XXXXXX")
	export FRESH_ROOT
	# unshare ignores TERM while it waits; everything in its namespaces dies with it.
	end() {
		[ "$inside" = "" ] || { kill -KILL "$inside" && wait "$inside"; } 2>/dev/null || true
		rm -rf --one-file-system "$FRESH_ROOT" "$FRESH_ROOT.log"
	}
	inside=
	trap end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	unshare --mount --propagation private --pid --fork --kill-child --mount-proc bash scripts/fresh.sh &
	inside=$!
	code=0
	wait "$inside" || code=$?
	inside=
	exit $code
fi

root=$FRESH_ROOT
chmod 755 "$root" # its users pass through it
echo "making a bare ${SUITE:-stable} in $root"
debootstrap --variant=minbase --include=git,make,ca-certificates "${SUITE:-stable}" "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 || {
	tail -n 20 "$root.log" >&2
	exit 1
}
rm "$root.log"

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sys "$root/sys" || echo "without /sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 "$root/dev/tty" c 5 0
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,gid=5,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"

mkdir -p "$root/usr/local/go" "$root/srv/modules"
mount --bind "$(go env GOROOT)" "$root/usr/local/go"
modules=$(go env GOMODCACHE)/cache/download
[ ! -d "$modules" ] || mount --bind "$modules" "$root/srv/modules"
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
chroot "$root" useradd --create-home --shell /bin/bash somebody

# checkout DIR copies this checkout, with uncommitted changes.
checkout() {
	git clone --quiet --no-hardlinks . "$1"
	git diff --binary HEAD | git -C "$1" apply --allow-empty --whitespace=nowarn
	git ls-files -z --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$1"
}
checkout "$root/root/fanout"
checkout "$root/home/somebody/my fanout"
chroot "$root" chown -R somebody: /home/somebody

# inside HOME DIR COMMAND... changes into the system, and runs both targets in DIR, by COMMAND.
inside() {
	local home=$1 dir=$2
	shift 2
	chroot "$root" "$@" env -i HOME="$home" PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin GOTOOLCHAIN=local \
		GOPROXY="file:///srv/modules,$(go env GOPROXY)" ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
		sh -ec 'cd "$1"; echo "== $(id -un), in $PWD"; make demo; make "$2"' sh "$dir" "${FRESH_TEST:-test}"
}
inside /root /root/fanout
inside /home/somebody "/home/somebody/my fanout" \
	nohup setsid --wait nice -n 19 setpriv --reuid somebody --regid somebody --init-groups </dev/null 2>&1 | cat
echo "make demo and make ${FRESH_TEST:-test} pass on a fresh machine, as root and as an ordinary user"

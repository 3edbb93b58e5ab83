#!/bin/sh
# Writes a base image's root file system, made from Debian packages alone, to a tar file: images/base.sh FILE [SUITE]
#
# For machines that reach a Debian mirror and no image registry. Packages are only unpacked, never configured: no shell
# history, no users, no package database. Python's own library is compiled here, since the root file system is
# read-only later. /bin and /lib lead into /usr, as Debian 13's packages take for granted. Same packages in, same bytes
# out: mmdebstrap clamps every time to SOURCE_DATE_EPOCH.
set -eu
file=$1
suite=${2:-$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")}
command -v mmdebstrap >/dev/null || {
    printf 'base.sh: mmdebstrap is missing; on Debian: apt-get install mmdebstrap\n' >&2
    exit 1
}
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1514764800}"
exec mmdebstrap --quiet --mode="${LEASELAB_MMDEBSTRAP_MODE:-auto}" --variant=extract --include=python3 \
    --setup-hook='for each in bin lib lib64; do mkdir -p "$1/usr/$each"; ln -s "usr/$each" "$1/$each"; done' \
    --extract-hook='rm -rf "$1"/usr/share/doc "$1"/usr/share/man "$1"/usr/share/locale "$1"/usr/share/lintian \
        "$1"/usr/share/zoneinfo "$1"/usr/share/info "$1"/usr/share/bash-completion "$1"/usr/share/perl5 \
        "$1"/usr/lib/python3/dist-packages "$1"/var/cache "$1"/var/lib/apt "$1"/var/log "$1"/usr/sbin "$1"/sbin \
        "$1"/usr/lib/*/gconv "$1"/usr/bin/dpkg* "$1"/usr/share/dpkg \
        "$1"/etc/hostname "$1"/etc/resolv.conf' \
    --extract-hook='cd "$1"/usr/lib/python3.* && rm -rf test idlelib lib2to3 pydoc_data ensurepip distutils config-3.*' \
    --extract-hook='mkdir -p "$1"/etc "$1"/tmp && chmod 1777 "$1"/tmp' \
    --extract-hook='chroot "$1" /usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash -j 0 /usr/lib' \
    "$suite" "$file"

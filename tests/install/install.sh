#!/usr/bin/env bash
# Installs the build folder into a throw-away prefix and builds a small program with pkg-config against it.
#   install.sh BUILD_FOLDER
set -euo pipefail
build=$1 here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

DESTDIR=$root meson install -C "$build" --no-rebuild --quiet
export PKG_CONFIG_SYSROOT_DIR=$root
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name cepa.pc)")
export PKG_CONFIG_PATH
library=$(dirname "$(find "$root" -name libcepa.so)")

read -ra flags <<<"$(pkg-config --cflags --libs cepa)"
cc -std=c11 -Wall -Wextra -Wpedantic -Werror "$here/program.c" -o "$root/program" "${flags[@]}"
LD_LIBRARY_PATH=$library "$root/program"

# The header alone, as C++ too where there is a compiler for it.
read -ra flags <<<"$(pkg-config --cflags cepa)"
if command -v c++ >/dev/null; then
    echo '#include <cepa.h>' | c++ -x c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only "${flags[@]}" -
fi

# Nothing but the interface is visible, and the command runs from where it was installed.
stray=$(nm -D --defined-only "$library/libcepa.so" | awk '$3 !~ /^cepa_/ {print $3}')
[ -z "$stray" ] || { echo "symbols outside the interface: $stray" && exit 1; }
"$(find "$root" -path '*/bin/cepa')" --version

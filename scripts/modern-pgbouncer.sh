#!/usr/bin/env bash
# A pgBouncer that knows prepared statements (1.21 and later) for a Debian whose own is older:
#
#   bash scripts/modern-pgbouncer.sh <directory> [suite]
#
# Fetches it with the libraries it needs from a later suite (trixie unless told) of the mirror that apt uses already, and
# unpacks all of it below the directory: nothing is installed, and apt's own configuration is not touched. Needs no root.
# Prints the program's path, which is all that is printed on standard output. Fails with a reason where it cannot be had.
set -euo pipefail

directory=$(mkdir -p "${1:?which directory?}" && cd "$1" && pwd)
suite=${2:-trixie}
program=$directory/pgbouncer

if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi
for tool in apt-get apt-cache apt-config dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "modern-pgbouncer: $tool is missing, so this is no Debian" >&2; exit 1; }
done

# The mirror of the system's own release; the keys of Debian's archive sign the later suites too.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL) $(COMPONENT)' 2>/dev/null |
  awk '$2 == "Debian" && $3 == "Debian" && $4 == "main" { print $1; exit }')
if [ -z "$mirror" ]; then
  echo 'modern-pgbouncer: apt has no mirror of Debian (run apt-get update first)' >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb $mirror $suite main" >"$work/sources.list"
options=(
  -qq
  -o "Dir::Etc::sourcelist=$work/sources.list"
  -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache=$work/cache"
  -o Dir::State::status=/dev/null
  -o "APT::Sandbox::User=$(id -un)"
)
apt-get "${options[@]}" update >&2

# What it is linked with: libraries only, since what its package depends on besides is for running it as a service.
libraries_of() {
  apt-cache "${options[@]}" depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances --no-pre-depends "$1" | awk '$1 == "Depends:" && $2 ~ /^lib/ { print $2 }'
}
packages=(pgbouncer)
for ((next = 0; next < ${#packages[@]}; next += 1)); do
  for library in $(libraries_of "${packages[next]}"); do
    case " ${packages[*]} " in *" $library "*) ;; *) packages+=("$library") ;; esac
  done
done
(cd "$work" && apt-get "${options[@]}" download "${packages[@]}" >&2)
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$directory/root"; done

# It runs on its own C library, started by that library's own loader.
loader=$(find "$directory/root" -name 'ld-linux*.so.*' -print -quit)
folders=$(find "$directory/root" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:)
cat >"$program.new" <<END
#!/bin/sh
exec "$loader" --library-path "$folders" "$directory/root/usr/sbin/pgbouncer" "\$@"
END
chmod 755 "$program.new"
"$program.new" --version >&2
mv "$program.new" "$program"
echo "$program"

# Shared by the scripts of this repository; sourced, not run.
# Progress goes to stderr, so that stdout stays free for what a script is asked for.

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE: says what is missing or wrong, and ends the script.
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The folder of the repository, wherever it was cloned.
repo_root() { (cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd); }

# What can be made again lives here, never in the repository.
cache_root() { printf '%s\n' "${SWIFT_OMERO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/swift-omero}"; }

# need_apt PACKAGE...: installs those that are missing. Without root it says which to install, and fails.
need_apt() {
    local package missing=()
    command -v dpkg-query >/dev/null || die "this needs the Debian packages $* (or their like here), and there is no dpkg"
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = 'install ok installed' ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "please install these packages first: sudo apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}")
    # The package lists of a fresh machine are empty or old, so a first failure may only mean that.
    "${install[@]}" >&2 && return 0
    apt-get update -qq >&2 || die "apt-get update failed; needed: ${missing[*]}"
    "${install[@]}" >&2 || die "apt-get could not install ${missing[*]}"
}

# checksum PATH...: one checksum over names and contents of the files in these paths.
checksum() {
    local path
    for path in "$@"; do
        (cd "$path" && find . -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    done | sha256sum | cut -d' ' -f1
}

# quiet LOG COMMAND...: runs a long command with its output in a log; shows the log's end if it fails.
quiet() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null && return 0
    tail -n 30 "$log" >&2
    say "failed: $* (whole output: $log)"
    return 1
}

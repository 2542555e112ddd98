# The foreign peers (real Ice) that judge the Swift runtime: installs and builds them. Sourced by scripts/peers and the
# test scripts, after common.sh. Each function exports the variable that the Swift tests read:
#   python_env    SWIFT_OMERO_PYTHON  a Python with zeroc-ice 3.6.5, the release that OMERO uses
#   omero_py      the same with omero-py, the reference client
#   omero_web     the same with OMERO.web
#   build_peers   SWIFT_OMERO_PEERS   the folder with the C++ peers (Ice 3.7 of Debian): server, client, golden, bench
#   certificates  SWIFT_OMERO_CERTS   a folder with a CA and certificates

ICE_PYTHON_RELEASE=3.6.5

# first_python: a Python 3.10, for which there may be a wheel, else whichever python3 there is.
first_python() {
    local candidate prefix
    if command -v pyenv >/dev/null; then
        for prefix in "$(pyenv root)"/versions/3.10.*; do
            [ -x "$prefix/bin/python" ] && { printf '%s\n' "$prefix/bin/python"; return; }
        done
    fi
    for candidate in python3.10 /usr/bin/python3 python3; do
        # A shim of pyenv may stand on the path without a version behind it, and Debian's python3 may lack venv.
        "$candidate" -c 'import venv, ensurepip' 2>/dev/null && { command -v "$candidate"; return; }
    done
    return 1
}

python_env() {
    local cache python venv version wheels log
    cache=$(cache_root)
    venv=$cache/python
    export SWIFT_OMERO_PYTHON=$venv/bin/python
    "$SWIFT_OMERO_PYTHON" -c "import Ice; assert Ice.stringVersion() == '$ICE_PYTHON_RELEASE'" 2>/dev/null && return 0
    wheels=$cache/wheels
    log=$cache/logs/python.log
    mkdir -p "$wheels" "$cache/logs"

    python=$(first_python) || {
        need_apt python3 python3-dev python3-venv
        python=$(first_python) || die 'no python3 with the modules venv and ensurepip'
    }
    version=$("$python" -c 'import sys; print("%d%d" % sys.version_info[:2])')
    say "Python for the peers: $python"
    rm -rf "$venv"
    quiet "$log" "$python" -m venv "$venv" || die "could not make a virtual environment with $python"

    local shared
    shared=$(repo_root)/../shared/wheels
    if [ -d "$shared" ]; then export PIP_FIND_LINKS="$shared $wheels"; else export PIP_FIND_LINKS=$wheels; fi
    local folder found=
    for folder in $PIP_FIND_LINKS; do
        compgen -G "$folder/zeroc_ice-$ICE_PYTHON_RELEASE-cp$version-*" >/dev/null && found=yes
    done
    [ -n "$found" ] || build_ice_wheel "$python" "$wheels"
    quiet "$log" "$SWIFT_OMERO_PYTHON" -m pip install --only-binary zeroc-ice "zeroc-ice==$ICE_PYTHON_RELEASE" ||
        die "could not install zeroc-ice $ICE_PYTHON_RELEASE"
    "$SWIFT_OMERO_PYTHON" -c 'import Ice' || die "zeroc-ice $ICE_PYTHON_RELEASE is installed but cannot be imported"
}

OMERO_PY_RELEASE=5.23.0

# omero_py: the reference client of OMERO, in the same environment.
omero_py() {
    python_env
    "$SWIFT_OMERO_PYTHON" -c 'import importlib.metadata as m; assert m.version("omero-py") == "'$OMERO_PY_RELEASE'"' \
        2>/dev/null && return 0
    say "Installing omero-py $OMERO_PY_RELEASE …"
    quiet "$(cache_root)/logs/omero-py.log" "$SWIFT_OMERO_PYTHON" -m pip install --only-binary zeroc-ice \
        "zeroc-ice==$ICE_PYTHON_RELEASE" "omero-py==$OMERO_PY_RELEASE" || die "could not install omero-py $OMERO_PY_RELEASE"
}

OMERO_WEB_RELEASE=5.33.2

# omero_web: OMERO.web, which the tests drive without a web server, in the same environment (about 10 s).
omero_web() {
    omero_py
    "$SWIFT_OMERO_PYTHON" -c 'import importlib.metadata as m; assert m.version("omero-web") == "'$OMERO_WEB_RELEASE'"' \
        2>/dev/null && return 0
    say "Installing omero-web $OMERO_WEB_RELEASE …"
    quiet "$(cache_root)/logs/omero-web.log" "$SWIFT_OMERO_PYTHON" -m pip install --only-binary zeroc-ice \
        "zeroc-ice==$ICE_PYTHON_RELEASE" "omero-py==$OMERO_PY_RELEASE" "omero-web==$OMERO_WEB_RELEASE" ||
        die "could not install omero-web $OMERO_WEB_RELEASE"
}

# build_ice_wheel PYTHON FOLDER: compiles zeroc-ice from PyPI into a wheel; about ten minutes.
build_ice_wheel() {
    local python=$1 wheels=$2 log include sources
    log=$(cache_root)/logs/wheel.log
    sources=$(cache_root)/zeroc-ice
    need_apt g++ libbz2-dev libssl-dev
    # Debian keeps the headers of its own Python in a package of their own.
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
    [ -f "$include/Python.h" ] || need_apt python3-dev
    [ -f "$include/Python.h" ] || die "no Python.h in $include, the headers of $python"
    say "building zeroc-ice $ICE_PYTHON_RELEASE from PyPI (about ten minutes, once)"
    quiet "$log" "$SWIFT_OMERO_PYTHON" -m pip install 'setuptools<81' wheel || die 'could not install setuptools and wheel'
    rm -rf "$sources"
    mkdir -p "$sources"
    quiet "$log" "$SWIFT_OMERO_PYTHON" -m pip download --no-deps --no-build-isolation --no-binary zeroc-ice \
        --dest "$sources" "zeroc-ice==$ICE_PYTHON_RELEASE" || die "could not download zeroc-ice $ICE_PYTHON_RELEASE"
    tar -xzf "$sources/zeroc-ice-$ICE_PYTHON_RELEASE.tar.gz" -C "$sources" --strip-components=1 ||
        die 'could not unpack zeroc-ice'
    # Ice 3.6 is older than Python 3.11, which dropped eval.h (of which nothing is used) and the frame in PyThreadState,
    # and than 3.13, which dropped two functions. Their successors are as old as Python 3.
    sed -i 's/PyThreadState_GET()->frame/PyEval_GetFrame()/; s/^#include <eval\.h>//' \
        "$sources/src/Util.cpp" "$sources/src/Slice.cpp"
    cat >"$sources/python_compat.h" <<'HEADER'
#include <Python.h>
#if PY_VERSION_HEX >= 0x030d0000
#define PyEval_CallObject PyObject_CallObject
static inline int PyObject_AsReadBuffer(PyObject* object, const void** bytes, Py_ssize_t* count)
{
    Py_buffer view;
    if(PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) != 0)
    {
        return -1;
    }
    *bytes = view.buf;
    *count = view.len;
    PyBuffer_Release(&view);
    return 0;
}
#endif
HEADER
    CFLAGS="-g0 -include $sources/python_compat.h ${CFLAGS:-}" quiet "$log" \
        nice "$SWIFT_OMERO_PYTHON" -m pip wheel --no-deps --no-build-isolation --wheel-dir "$wheels" "$sources" ||
        die "could not build zeroc-ice $ICE_PYTHON_RELEASE with $python"
    rm -rf "$sources"
}

# What the C++ peers and the Glacier2 router need.
ice_cpp() {
    need_apt g++ make libzeroc-ice-dev zeroc-ice-compilers zeroc-glacier2
}

build_peers() {
    local cache sources sum
    cache=$(cache_root)
    sources=$(repo_root)/Tests/Interop/Peers
    export SWIFT_OMERO_PEERS=$cache/peers
    # make goes by times, which a fresh clone changes: the checksum decides whether there is anything to do.
    sum=$({ checksum "$sources/cpp"; sha256sum <"$sources/Interop.ice"; sha256sum <"$sources/InteropUnknown.ice"; } |
        sha256sum | cut -d' ' -f1)
    [ "$(cat "$SWIFT_OMERO_PEERS/checksum" 2>/dev/null)" != "$sum" ] || return 0
    ice_cpp
    mkdir -p "$SWIFT_OMERO_PEERS" "$cache/logs"
    rm -f "$SWIFT_OMERO_PEERS/checksum"
    say 'compiling the C++ peers (two or three minutes)'
    quiet "$cache/logs/peers.log" nice make -C "$sources/cpp" BUILD="$SWIFT_OMERO_PEERS" || die 'the C++ peers do not compile'
    printf '%s\n' "$sum" >"$SWIFT_OMERO_PEERS/checksum"
}

# issue NAME CA SUBJECT-ALTERNATIVE-NAMES DAYS: a key and a certificate of that CA, as NAME.key, NAME.pem and NAME.p12.
issue() {
    local name=$1 ca=$2 names=$3 days=$4
    openssl req -new -newkey rsa:2048 -nodes -subj "/O=swift-omero tests/CN=$name" \
        -keyout "$name.key" -out "$name.csr" || return
    printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\nsubjectAltName=%s\n' "$names" >"$name.ext"
    openssl x509 -req -in "$name.csr" -CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial -sha256 -days "$days" \
        -extfile "$name.ext" -out "$name.pem" || return
    openssl pkcs12 -export -passout pass:password -in "$name.pem" -inkey "$name.key" -certfile "$ca.pem" \
        -out "$name.p12" || return
    rm -f "$name.csr" "$name.ext"
}

# authority NAME: a CA of its own.
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/O=swift-omero tests/CN=$1" \
        -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout "$1.key" -out "$1.pem"
}

# Chained, as errexit does not count in a function whose result is asked for.
all_certificates() (
    cd "$1" &&
        authority ca &&
        authority stranger-ca &&
        issue server ca DNS:localhost,IP:127.0.0.1,IP:::1 3650 &&
        issue client ca DNS:client.invalid 3650 &&
        # For tests that must fail: another host, another CA.
        issue wronghost ca DNS:elsewhere.invalid 3650 &&
        issue stranger stranger-ca DNS:localhost,IP:127.0.0.1,IP:::1 3650
)

certificates() {
    local cache
    cache=$(cache_root)
    export SWIFT_OMERO_CERTS=$cache/certs
    [ ! -f "$SWIFT_OMERO_CERTS/complete" ] || return 0
    command -v openssl >/dev/null || need_apt openssl
    say 'making certificates'
    rm -rf "$SWIFT_OMERO_CERTS"
    mkdir -p "$SWIFT_OMERO_CERTS" "$cache/logs"
    quiet "$cache/logs/certificates.log" all_certificates "$SWIFT_OMERO_CERTS" || die 'openssl could not make the certificates'
    : >"$SWIFT_OMERO_CERTS/complete"
}

# Sourced: installs what is missing (Debian).

# install PACKAGE
install() {
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "installing $1"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

# need COMMAND PACKAGE: installs PACKAGE where COMMAND is missing.
need() {
    command -v "$1" >/dev/null && return
    install "$2"
    command -v "$1" >/dev/null || { echo "$1 is missing and $2 does not bring it" >&2; exit 1; }
}

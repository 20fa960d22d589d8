#!/bin/sh
# Says what this machine lacks for `make demo`, and how to get it. Usage: preflight.sh PYTHON
python=${1:-python3}
missing=0

lack() {
    echo "offhook: $1" >&2
    missing=1
}

if ! command -v "$python" >/dev/null 2>&1; then
    lack "no $python here; install it: sudo apt-get install python3 python3-venv"
else
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
        lack "$("$python" --version) cannot run it; name a Python 3.11 to 3.13: make demo PYTHON=python3.12"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        lack "$python cannot make a virtual environment; sudo apt-get install python3-venv"
fi
command -v git >/dev/null 2>&1 || lack "no git here; sudo apt-get install git"
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
    lack "no C compiler here; sudo apt-get install build-essential"
free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "${free_kb:-0}" -ge 6000000 ] ||
    lack "only $((free_kb / 1000)) MB free here; the set-up needs about 6000"
exit $missing

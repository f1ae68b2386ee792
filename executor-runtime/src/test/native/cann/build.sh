#!/bin/sh
# Builds the stand-in CANN: build.sh OUT [test]
#
#   OUT/8.1/lib64     libascendcl.so libnnopbase.so libopapi.so libhccl.so, as 8.1.RC1 has them
#   OUT/split/lib64   libacl_rt.so libascendcl.so libnnopbase.so libopapi_math.so libopapi_nn.so libopapi_transformer.so
#                     libhcomm.so libhccl.so, as 8.5 and newer have them, with what 8.1.RC1 lacks
#
# and in OUT/VARIANT/devlib and lib64/stub, as there, libraries to link against, which answer every call with an error.
# Both with libcann_standin.so, which holds all state and the functions of standin.h. OUT/VARIANT is what ASCEND_HOME_PATH
# would name. Does nothing when sources and compiler are those of the last run; with "test", runs the tests of its own.
# CC names another compiler, OPTIMIZE another level.
set -eu

mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
compiler=${CC:-gcc}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
flags="${OPTIMIZE:--O2} -std=gnu11 -D_GNU_SOURCE -fPIC -pthread -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror"
objects=$out/objects
stamp=$out/stamp

# Objects of an area, which is a directory or a prefix of names in one.
area() {
    for source in "$@"; do
        [ -f "$source" ] && echo "$objects/$(echo "$source" | tr / -)" | sed 's/\.c$/.o/'
    done
}

# library DIRECTORY NAME OBJECT...: linked against the core, which lies beside it
library() {
    directory=$1
    name=$2
    shift 2
    "$compiler" -shared -pthread -Wl,-soname,"$name" -Wl,-z,defs -Wl,-z,noexecstack '-Wl,-rpath,$ORIGIN' \
        -o "$directory/$name" "$@" -L"$directory" -lcann_standin -lm
}

# home VARIANT VERSION STUBS
home() {
    rm -rf "${out:?}/$1"
    mkdir -p "$out/$1/lib64"
    ln "$objects/libcann_standin.so" "$out/$1/lib64/" 2>/dev/null || cp "$objects/libcann_standin.so" "$out/$1/lib64/"
    mkdir -p "$out/$1/$(uname -m)-linux"
    mkdir -p "$out/$1/devlib" "$out/$1/lib64/stub"
    for name in $3; do
        "$compiler" $flags -shared -Wl,-soname,"$name" -o "$out/$1/devlib/$name" stub/link_stub.c
        cp "$out/$1/devlib/$name" "$out/$1/lib64/stub/"
    done
    printf 'package_name=Ascend-cann-toolkit\nversion=%s\narch=%s\nos=linux\n' "$2" "$(uname -m)" \
        >"$out/$1/$(uname -m)-linux/ascend_toolkit_install.info"
}

build() {
    rm -rf "$objects" "$stamp"
    mkdir -p "$objects"
    for source in core/*.c runtime/*.c tensors/*.c operators/*.c hccl/*.c; do
        # Only the control functions and what the libraries share is visible of the core, only the interfaces of the rest.
        visibility=hidden level=
        case $source in core/*) visibility=default ;; esac
        case $source in core/gemm.c | core/values.c) level=-O3 ;; esac
        echo "$compiler $flags $level -fvisibility=$visibility -c -o $(area "$source") $source"
    done | xargs -P "$jobs" -I COMMAND sh -c COMMAND
    "$compiler" -shared -pthread -Wl,-soname,libcann_standin.so -Wl,-z,defs -Wl,-z,noexecstack \
        -o "$objects/libcann_standin.so" $(area core/*.c) -lm

    home 8.1 8.1.RC1 libascendcl.so
    lib=$out/8.1/lib64
    library "$lib" libascendcl.so $(area runtime/device_api.c runtime/stream_api.c runtime/memory_api.c)
    library "$lib" libnnopbase.so $(area tensors/*.c)
    library "$lib" libopapi.so $(area operators/math_*.c operators/nn_*.c operators/transformer_*.c)
    library "$lib" libhccl.so $(area hccl/*.c)

    home split 9.0.0 "libacl_rt.so libascendcl.so"
    lib=$out/split/lib64
    library "$lib" libacl_rt.so $(area runtime/*.c)
    library "$lib" libascendcl.so
    library "$lib" libnnopbase.so $(area tensors/*.c)
    library "$lib" libopapi_math.so $(area operators/math_*.c operators/newer_math*.c)
    library "$lib" libopapi_nn.so $(area operators/nn_*.c operators/newer_nn*.c)
    library "$lib" libopapi_transformer.so $(area operators/transformer_*.c operators/newer_transformer*.c)
    library "$lib" libhcomm.so $(area hccl/comm_api.c)
    library "$lib" libhccl.so $(area hccl/collective_api.c)
}

now=$("$compiler" --version | head -n 1; find . -name test -prune -o \( -name '*.[ch]' -o -name build.sh \) -print | sort | xargs cat | cksum)
if [ ! -f "$stamp" ] || [ "$now" != "$(cat "$stamp")" ]; then
    build
    echo "$now" >"$stamp"
    echo "stand-in CANN: $out ($("$compiler" --version | head -n 1))"
fi
if [ "${2:-}" = test ]; then
    lib=$out/split/lib64
    "$compiler" -std=gnu11 -D_GNU_SOURCE -O1 -g -pthread -Wall -Wextra -Werror -o "$out/standin_test" test/*.c \
        -L"$lib" -Wl,-rpath,"$lib" -Wl,--no-as-needed -lacl_rt -lnnopbase -lopapi_math -lopapi_nn -lopapi_transformer -lhcomm \
        -lhccl -lcann_standin -lm
    "$out/standin_test" ${3:+"$3"}
fi

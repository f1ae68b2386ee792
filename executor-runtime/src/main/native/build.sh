#!/bin/sh
# Compiles the kernel library for every platform that this machine has a compiler for:
#   build.sh LIBRARIES WORK   ->   LIBRARIES/linux-x86_64/libpangu_cpu.so, LIBRARIES/linux-aarch64/libpangu_cpu.so
# No compiler is not an error: the Vector API kernels run instead, and this says so. What compiles badly is one.
# Does nothing when sources and compiler are those of the last run. CC names another compiler, OPTIMIZE another level.
set -eu

mkdir -p "$1" "$2"
out=$(cd "$1" && pwd)
work=$(cd "$2" && pwd)
cd "$(dirname "$0")"

common="${OPTIMIZE:--O3} -std=gnu11 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -fno-trapping-math
    -fno-semantic-interposition -Wall -Wextra -Werror"
avx2="-mavx2 -mfma -mbmi2"
avx512="$avx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mavx512bf16"
neon="-march=armv8.2-a+dotprod"

# The processor that a compiler compiles for.
target_of() {
    "$1" -dumpmachine 2>/dev/null | sed -e 's/-.*//' -e 's/^amd64$/x86_64/' -e 's/^arm64$/aarch64/'
}

# compile COMPILER ARCHITECTURE SUPPORT SETS: the file that says which sets run here, and all sets of kernels
compile() {
    dir=$out/linux-$2
    lib=$dir/libpangu_cpu.so
    stamp=$work/$2.stamp
    objects=$work/$2
    now=$("$1" --version | head -n 1; cat ./*.c ./*.h build.sh | cksum)
    if [ -f "$lib" ] && [ -f "$stamp" ] && [ "$now" = "$(cat "$stamp")" ]; then
        return 0
    fi
    for set in $4; do
        eval "flags=\$$set"
        if ! echo 'int f(void) { return 0; }' | "$1" $flags -x c -c -o /dev/null - 2>/dev/null; then
            echo "kernels: $1 is too old for the $2 kernels (flags: $flags)"
            return 0
        fi
    done
    rm -rf "$objects" "$stamp"
    mkdir -p "$objects" "$dir"
    # Support is asked for on any CPU, so that file may use no special instruction itself.
    "$1" $common -c -o "$objects/support.o" "$3"
    for set in $4; do
        eval "flags=\$$set"
        for source in *.c; do
            case $source in
                support_*) continue ;;
                *_avx512.c | *_avx2.c | *_neon.c) case $source in *_"$set".c) ;; *) continue ;; esac ;;
            esac
            "$1" $common $flags -DPANGU_SET="$set" -c -o "$objects/$set-${source%.c}.o" "$source"
        done
    done
    "$1" -shared -s -Wl,-z,defs -Wl,-z,noexecstack -o "$objects/library" "$objects"/*.o
    mv "$objects/library" "$lib"
    echo "$now" >"$stamp"
    echo "kernels: $lib ($("$1" --version | head -n 1))"
}

if [ "$(uname -s)" != Linux ]; then
    echo "kernels: the C library is for Linux: the Vector API kernels will be used, at up to half the speed"
    exit 0
fi
host=$(uname -m)
found=
for compiler in ${CC:-cc gcc clang} x86_64-linux-gnu-gcc aarch64-linux-gnu-gcc; do
    command -v "$compiler" >/dev/null 2>&1 || continue
    architecture=$(target_of "$compiler")
    case " $found " in *" $architecture "*) continue ;; esac
    case $architecture in
        x86_64) compile "$compiler" x86_64 support_x86.c "avx512 avx2" ;;
        aarch64) compile "$compiler" aarch64 support_arm.c neon ;;
        *) continue ;;
    esac
    found="$found $architecture"
done
case " $found " in
    *" $host "*) ;;
    *) echo "kernels: no C compiler for $host (apt-get install gcc): the Vector API kernels will be used," \
        "at a half (bf16) to a quarter (int8) of the speed on long prompts and large batches" ;;
esac

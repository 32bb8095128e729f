"""The vector registers of the machine, and how much of them a kernel's vectors and tiles fill.

                 numbers of a register    registers    LANES    TILE_ROWS
    AVX-512                16                 32         32         8
    AVX, AVX2               8                 16         16         6
    NEON                    4                 32          8         8
    SSE, unknown            4                 16          8         6

A vector is LANES numbers, two registers' worth: what is loaded for a row of a tile serves two of them.
A tile is TILE_ROWS vectors. With what it is multiplied by it must find room in the registers: two for a vector, one or
two for a number in every lane. So it has three quarters of sixteen; of thirty-two only half, as each of its rows can
also need one of x86's sixteen registers for addresses.
"""

from numba.core.registry import cpu_target


def registers(triple: str, features: str) -> tuple[int, int]:
    """(float32 numbers of a vector register, such registers) of a machine, in LLVM's words.

    >>> registers("x86_64-unknown-linux-gnu", "+avx2,-avx512f,+fma")
    (8, 16)
    >>> registers("aarch64-unknown-linux-gnu", "+neon")
    (4, 32)
    """
    if triple.startswith(("aarch64", "arm64")):
        return 4, 32
    if "+avx512f" in features.split(","):
        return 16, 32
    return (8 if "+avx" in features.split(",") or "+avx2" in features.split(",") else 4), 16


def has(features: str, name: str) -> bool:
    """Whether a machine has a feature: the last word on it counts.

    >>> has("+avx2,+avx512f,-avx512f", "avx512f")
    False
    """
    words = [word for word in features.split(",") if word[1:] == name]
    return bool(words) and words[-1][0] == "+"


# what Numba compiles for: the machine itself, or what NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say
_TRIPLE, _, _FEATURES = cpu_target.target_context.codegen().magic_tuple()
REGISTER, REGISTERS = registers(_TRIPLE, _FEATURES)
LANES, TILE_ROWS = 2 * REGISTER, min(REGISTERS * 3 // 8, 8)

#: what chooses each number of a register among four: an instruction for floats, one for bytes, or none
CHOOSER = "float" if has(_FEATURES, "avx512f") else "byte" if has(_FEATURES, "avx2") else None

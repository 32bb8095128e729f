"""Numbers that several threads read and write at once.

    read(words, i)                     the number at place i
    write(words, i, number)            put a number there; whoever sees it also sees what was written before it
    add_to(words, i, number)           words[i] += number, undivided
    replace(words, i, old, new)        words[i] = new if it is `old`; True if it was
    pause()                            a breath between two looks at a number that another thread will change

`words` is an int64 array.
"""

import platform

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function

from .compile import intrinsic
from .simd import address_of

_ORDER = "seq_cst"
_WORD_ALIGNMENT = 8  # bytes
_X86 = platform.machine() in ("x86_64", "AMD64")


@intrinsic
def read(typing_context, words, place):
    def build(context, builder, signature, arguments):
        return builder.load_atomic(address_of(context, builder, signature, arguments), _ORDER, _WORD_ALIGNMENT)

    return types.int64(words, types.intp), build


@intrinsic
def write(typing_context, words, place, number):
    def build(context, builder, signature, arguments):
        address = address_of(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], address, _ORDER, _WORD_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), build


@intrinsic
def add_to(typing_context, words, place, number):
    def build(context, builder, signature, arguments):
        builder.atomic_rmw("add", address_of(context, builder, signature, arguments), arguments[2], _ORDER)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64), build


@intrinsic
def replace(typing_context, words, place, old, new):
    def build(context, builder, signature, arguments):
        address = address_of(context, builder, signature, arguments)
        outcome = builder.cmpxchg(address, arguments[2], arguments[3], _ORDER, _ORDER)
        return builder.extract_value(outcome, 1)

    return types.boolean(words, types.intp, types.int64, types.int64), build


@intrinsic
def pause(typing_context):
    def build(context, builder, signature, arguments):
        if _X86:
            function = ir.FunctionType(ir.VoidType(), [])
            builder.call(get_or_insert_function(builder.module, function, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), build

"""Vectors of 16 float32 numbers as values in compiled code: the only file that speaks LLVM.

    v = load(array, i)         the 16 numbers from place i on
    store(array, i, v)
    v = zeros()
    v = broadcast(array, i)    16 copies of the number at place i
    v = filled(number)         16 copies of a number
    v = fma(a, b, c)           a·b + c, rounded once; also add(a, b), subtract(a, b), multiply(a, b)
    v = maximum(a, b)          the larger of each pair; any of them if one is NaN
    total(v), largest(v)       the sum and the largest of the 16 numbers
    lane_of(v, i)              one of the 16 numbers
    transpose(array, i, step, target, j)    16 rows of 16 numbers, `step` apart, as columns side by side from j on

    m = at_most(a, b)          a mask: in which lanes a ≤ b; also greater(a, b), equal(a, b); all are false for a NaN
    m = is_nan(a)
    m = both(m, n)             also either(m, n), negated(m)
    v = select(m, a, b)        a where the mask is true, else b

    get(array, i)              one number of any dtype, without NumPy's test for an index that counts from the end
    put(array, i, number)

    beyond(array, i)           the numbers from place i on
    flat(array)                the numbers of an array of any shape as they lie in memory, as far as they reach

`array` is a flat float32 array. Of uint8 codes the same load, store, broadcast, filled, equal and select make vectors
of int32. LLVM splits a vector into the registers of the machine: one with AVX-512, two
with AVX2, four with NEON or SSE. Nothing here checks bounds: these are for padded scratch memory of our own.
"""

from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import models, register_model
from numba.np.arrayobj import make_array, populate_array

from .compile import intrinsic

LANES = 16

_FLOAT, _INDEX = ir.FloatType(), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_FLOAT_ALIGNMENT = 4  # bytes: vectors may start at any float


class Vector(types.Type):
    """The Numba type of a vector of numbers, codes or truths."""

    def __init__(self, name: str, element: ir.Type):
        self.llvm = ir.VectorType(element, LANES)
        super().__init__(name=f"{name}x{LANES}")


vector = Vector("float32", _FLOAT)
codes = Vector("int32", _INDEX)
mask = Vector("bool", ir.IntType(1))
_IN_MEMORY = {types.float32: vector, types.uint8: codes}


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, kind.llvm)


@intrinsic
def load(typing_context, array, place):
    kind = _IN_MEMORY[array.dtype]

    def build(context, builder, signature, arguments):
        address = _address_of_lanes(context, builder, signature, arguments)
        value = builder.load(address, align=_alignment(array))
        return builder.zext(value, codes.llvm) if kind is codes else value

    return kind(array, types.intp), build


@intrinsic
def store(typing_context, array, place, value):
    def build(context, builder, signature, arguments):
        address, value = _address_of_lanes(context, builder, signature, arguments), arguments[2]
        if signature.args[2] is codes:
            value = builder.trunc(value, address.type.pointee)
        builder.store(value, address, align=_alignment(array))
        return context.get_dummy_value()

    return types.void(array, types.intp, _IN_MEMORY[array.dtype]), build


@intrinsic
def zeros(typing_context):
    return vector(), lambda context, builder, signature, arguments: ir.Constant(_VECTOR, None)


@intrinsic
def get(typing_context, array, place):
    def build(context, builder, signature, arguments):
        return builder.load(address_of(context, builder, signature, arguments))

    return array.dtype(array, types.intp), build


@intrinsic
def put(typing_context, array, place, number):
    def build(context, builder, signature, arguments):
        builder.store(arguments[2], address_of(context, builder, signature, arguments))
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), build


@intrinsic
def broadcast(typing_context, array, place):
    def build(context, builder, signature, arguments):
        return _copies(builder, signature, builder.load(address_of(context, builder, signature, arguments)))

    return _IN_MEMORY[array.dtype](array, types.intp), build


@intrinsic
def filled(typing_context, number):
    kind, number = (codes, types.int32) if isinstance(number, types.Integer) else (vector, types.float32)
    return kind(number), lambda context, builder, signature, arguments: _copies(builder, signature, *arguments)


def _copies(builder, signature, number):
    kind = signature.return_type.llvm
    if signature.return_type is codes:
        number = builder.zext(number, kind.element)
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), number, _INDEX(0))
    return builder.shuffle_vector(single, single, ir.Constant(codes.llvm, [0] * LANES))


@intrinsic
def fma(typing_context, a, b, c):
    def build(context, builder, signature, arguments):
        function = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        return builder.call(get_or_insert_function(builder.module, function, f"llvm.fma.v{LANES}f32"), arguments)

    return vector(vector, vector, vector), build


@intrinsic
def add(typing_context, a, b):
    return vector(vector, vector), lambda context, builder, signature, arguments: builder.fadd(*arguments)


@intrinsic
def subtract(typing_context, a, b):
    return vector(vector, vector), lambda context, builder, signature, arguments: builder.fsub(*arguments)


@intrinsic
def multiply(typing_context, a, b):
    return vector(vector, vector), lambda context, builder, signature, arguments: builder.fmul(*arguments)


@intrinsic
def maximum(typing_context, a, b):
    return vector(vector, vector), lambda context, builder, signature, arguments: _larger(builder, *arguments)


@intrinsic
def greater(typing_context, a, b):
    return mask(vector, vector), lambda context, builder, signature, arguments: builder.fcmp_ordered(">", *arguments)


@intrinsic
def at_most(typing_context, a, b):
    return mask(vector, vector), lambda context, builder, signature, arguments: builder.fcmp_ordered("<=", *arguments)


@intrinsic
def equal(typing_context, a, b):
    def build(context, builder, signature, arguments):
        return (builder.icmp_signed if a is codes else builder.fcmp_ordered)("==", *arguments)

    return mask(a, a), build


@intrinsic
def is_nan(typing_context, a):
    def build(context, builder, signature, arguments):
        return builder.fcmp_unordered("uno", arguments[0], arguments[0])

    return mask(vector), build


@intrinsic
def both(typing_context, a, b):
    return mask(mask, mask), lambda context, builder, signature, arguments: builder.and_(*arguments)


@intrinsic
def either(typing_context, a, b):
    return mask(mask, mask), lambda context, builder, signature, arguments: builder.or_(*arguments)


@intrinsic
def negated(typing_context, a):
    return mask(mask), lambda context, builder, signature, arguments: builder.not_(*arguments)


@intrinsic
def select(typing_context, chosen, a, b):
    return a(mask, a, a), lambda context, builder, signature, arguments: builder.select(*arguments)


@intrinsic
def lane_of(typing_context, a, lane):
    def build(context, builder, signature, arguments):
        return builder.extract_element(*arguments)

    return types.float32(vector, types.intp), build


@intrinsic
def total(typing_context, a):
    def build(context, builder, signature, arguments):
        return _folded(builder, arguments[0], builder.fadd)

    return types.float32(vector), build


@intrinsic
def largest(typing_context, a):
    def build(context, builder, signature, arguments):
        return _folded(builder, arguments[0], lambda low, high: _larger(builder, low, high))

    return types.float32(vector), build


def _larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _folded(builder, value, combine):
    """One number out of a vector: the upper half upon the lower, which rounds less than one number by one."""
    index = ir.IntType(32)
    for half in (8, 4, 2, 1):
        low, high = (
            builder.shuffle_vector(value, value, ir.Constant(ir.VectorType(index, half), list(lanes)))
            for lanes in (range(half), range(half, 2 * half))
        )
        value = combine(low, high)
    return builder.extract_element(value, index(0))


@intrinsic
def transpose(typing_context, array, place, step, target, start):
    def build(context, builder, signature, arguments):
        _, place, step, target, start = arguments
        source = make_array(signature.args[0])(context, builder, arguments[0]).data
        result = make_array(signature.args[3])(context, builder, target).data
        index = ir.IntType(64)
        half = ir.VectorType(_FLOAT, 8).as_pointer()
        for top in (0, 8):
            lines = [builder.gep(source, [builder.add(place, builder.mul(step, index(top + i)))]) for i in range(8)]
            for left in (0, 8):
                rows = [builder.bitcast(builder.gep(line, [index(left)]), half) for line in lines]
                rows = _transposed(builder, [builder.load(row, align=_FLOAT_ALIGNMENT) for row in rows])
                for i, row in enumerate(rows):
                    address = builder.gep(result, [builder.add(start, index((left + i) * LANES + top))])
                    builder.store(row, builder.bitcast(address, half), align=_FLOAT_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, target, types.intp), build


# Each pair of rows becomes two: which of the first's numbers, 0 to 7, and of the second's, 8 to 15. These three steps
# are one instruction each where a register has eight lanes in two halves.
_INTERLEAVE = (1, (0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15))
_INTERLEAVE_PAIRS = (2, (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15))
_EXCHANGE_HALVES = (4, (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15))


def _transposed(builder, rows):
    """The columns of eight rows of eight numbers."""
    for distance, *orders in (_INTERLEAVE, _INTERLEAVE_PAIRS, _EXCHANGE_HALVES):
        pairs = [(i, i + distance) for i in range(8) if i & distance == 0]
        for i, j in pairs:
            masks = [ir.Constant(ir.VectorType(ir.IntType(32), 8), order) for order in orders]
            rows[i], rows[j] = [builder.shuffle_vector(rows[i], rows[j], mask) for mask in masks]
    return [rows[i] for i in (0, 2, 1, 3, 4, 6, 5, 7)]


@intrinsic
def beyond(typing_context, array, place):
    def build(context, builder, signature, arguments):
        source, view = make_array(array)(context, builder, arguments[0]), make_array(array)(context, builder)
        data, size = address_of(context, builder, signature, arguments), (source.nitems,)
        populate_array(view, data=data, shape=size, strides=(source.itemsize,), itemsize=source.itemsize, meminfo=None)
        return view._getvalue()

    return array(array, types.intp), build


@intrinsic
def flat(typing_context, array):
    result = types.Array(array.dtype, 1, "C")

    def build(context, builder, signature, arguments):
        source, view = make_array(array)(context, builder, arguments[0]), make_array(result)(context, builder)
        size = (source.nitems,)
        populate_array(
            view, data=source.data, shape=size, strides=(source.itemsize,), itemsize=source.itemsize, meminfo=None
        )
        return view._getvalue()

    return result(array), build


def address_of(context, builder, signature, arguments):
    """The machine address of array[place]: always the first two arguments."""
    array = make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _address_of_lanes(context, builder, signature, arguments):
    address = address_of(context, builder, signature, arguments)
    return builder.bitcast(address, ir.VectorType(address.type.pointee, LANES).as_pointer())


def _alignment(array):
    """Vectors may start at any number: so many bytes."""
    return array.dtype.bitwidth // 8

"""A small language of vectors and tiles for compiled code, and a lesson in it; the only file that speaks LLVM.

A processor computes in registers, and a vector register holds several numbers: 8 float32 with AVX2, 16 with AVX-512,
4 with NEON or SSE. One instruction adds, multiplies or compares all of them, in the time of one: "single instruction,
multiple data". The places of the numbers are called lanes. Here a *vector* is LANES numbers, two registers' worth.

>>> from numba import njit
>>> @njit
... def scale(x, factor, y):
...     factors = filled(factor)
...     for i in range(0, len(x), LANES):
...         store(y, i, multiply(factors, load(x, i)))
>>> x = np.linspace(-1, 1, 2 * LANES, dtype=np.float32)
>>> y = np.empty_like(x)
>>> scale(x, 3.0, y)
>>> bool((y == 3 * x).all())
True

One lane cannot take another branch than its neighbours. So both branches are computed, and a *mask*, one truth value a
lane, selects:

>>> @njit
... def absolute(x, y):
...     for i in range(0, len(x), LANES):
...         v = load(x, i)
...         store(y, i, select(greater(v, zeros()), v, subtract(zeros(), v)))
>>> absolute(x, y)
>>> bool((y == abs(x)).all())
True

A product of matrices c = a·b needs two numbers from memory for each multiplication, and no memory is as fast as that: a
processor that begins two multiplications of registers in a cycle can also load two. So some of c stays in registers
while the sums grow, a *tile* of TILE_ROWS vectors. For each d, one vector of b and TILE_ROWS single numbers of a are
loaded, for TILE_ROWS times LANES products: with AVX2, 8 loads for 12 multiplications of registers. The more rows the
better, until the registers run out: 6 rows fill twelve of AVX2's sixteen, b takes two more, and a number of a, copied
to every lane, another (machine.py). A sum takes four cycles, in which seven others begin: twelve wait for none.

>>> @njit
... def multiply_tile(a, b, depth, c):
...     sums = load_tile(c, spaced(0, LANES))
...     for d in range(depth):
...         sums = fma_tile(a, spaced(0, depth), d, load(b, d * LANES), sums)
...     store_tile(c, spaced(0, LANES), sums)
>>> a, b = np.ones((TILE_ROWS, 9), np.float32), np.ones((9, LANES), np.float32)
>>> c = np.zeros((TILE_ROWS, LANES), np.float32)
>>> multiply_tile(a.ravel(), b.ravel(), 9, c.ravel())
>>> bool((c == a @ b).all())
True

The words, for v, a, b, c vectors, m, n masks, t a tile, i a place in a flat float32 array:

    v = load(array, i)            the numbers from place i on
    v = load_two(array, i, j)     those from place i on in the lower half of the lanes, from place j on in the upper
    store(array, i, v)
    v = zeros()
    v = filled(number)            copies of a number
    v = broadcast(array, i)       copies of the number at place i
    v = fma(a, b, c)              a·b + c, rounded once, or twice on a machine that cannot (SSE)
    v = add(a, b)                 also subtract(a, b), multiply(a, b)
    v = maximum(a, b)             the larger of each pair, b if one of them is NaN
    total(v), largest(v)          the sum and the largest of the numbers
    lane_of(v, i)                 one of the numbers

    m = greater(a, b)             also at_most(a, b), equal(a, b): all false for a NaN
    m = is_nan(a)
    m = both(m, n)                also either(m, n), negated(m)
    v = select(m, a, b)           a where the mask is true, else b
    bits_of(m)                    the mask as an integer, bit by bit
    lowest_bit(bits)              which bit of a number other than 0 is the first that is set

    p = picking(c)                picks, for codes c of 0 … 3; of an int32 array, load and store take picks as they are
    v = picked(array, i, p)       in every lane one of the four numbers from place i on
    v = picked_two(array, i, j, p)    the same, but from place j on for the upper half of the lanes
    store_fours(array, i, a, b, c, d)    from place i on the first number of each, then the second of each, and so on

    r = spaced(i, step)           TILE_ROWS places, `step` apart
    r = listed(table, i)          the places that a table holds from i on
    r = spaced(i, step, n)        for a tile of n rows, a constant; also listed(table, i, n)
    t = zero_tile()               one of TILE_ROWS rows
    t = load_tile(array, r)       row by row the numbers from place r on
    store_tile(array, r, t)
    store_half_tile(array, r, t)  the lower half of the lanes of each row
    prefetch_tile(array, r)       prefetch(array, each place)
    t = maximum_tile(v, t)        maximum(v, each row)
    t = fma_tile(array, r, i, b, t)    t + array[r + i] · b: every row times a number of its own
    t = fma_vectors(array, r, i, v, t)    t + array[r + i …] · v: every row by numbers of its own, times the same vector
    t = fma_tile_two(array, r, i, j, b, t)    as fma_tile, with two: array[r + j] for the upper half of the lanes
    t = fold_tile(v, t)           v + the sum of the two halves of each row, in either half

    transpose(array, i, step, target, j)    LANES rows of LANES numbers, `step` apart, as columns from j on
    transpose_tile(array, r, target, j, step)    a tile's rows as columns, `step` apart, from j on: what a column has
                                  beyond its last number, as far as whole registers reach, the next ones write over
    get(array, i)                 one number of any dtype, without NumPy's test for an index that counts from the end
    put(array, i, number)
    prefetch(array, i)            ask memory for the numbers around place i, which may lie beyond the array
    beyond(array, i)              the numbers from place i on
    as_integers(array)            the bits of float32 numbers, as flat(array); as_floats(array) of int32 numbers
    as_words(array)               the memory of an array as int64 numbers
    on_stack(dtype, n)            n numbers, a constant, until the function returns, and whatever they are at first
    flat(array)                   the numbers of an array of any shape as they lie in memory, as far as they reach

Of uint8 codes the same load, store, broadcast, filled, equal, select and lane_of make and take vectors of int32.
Nothing here checks bounds: these are for padded scratch memory of our own.
"""

import itertools

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import models, register_model
from numba.np.arrayobj import make_array, populate_array

from .compile import intrinsic
from .machine import CHOOSER, LANES, REGISTER, TILE_ROWS

_TILE_ROWS = types.IntegerLiteral(TILE_ROWS)
_INDEX, _PLACE = ir.IntType(32), ir.IntType(64)
_ALIGNMENT = 1  # bytes: a vector may lie anywhere


class Value(types.Type):
    """The Numba type of a value of the language, which is one of LLVM's types."""

    def __init__(self, name: str, llvm: ir.Type):
        self.llvm = llvm
        super().__init__(name=name)


class Rows(Value):
    """The places of the rows of a tile."""

    def __init__(self, count: int = TILE_ROWS):
        self.count = count
        super().__init__(f"{count} rows", ir.ArrayType(_PLACE, count))


class Tile(Value):
    """As many vectors."""

    def __init__(self, count: int = TILE_ROWS):
        super().__init__(f"tile of {count} rows", ir.ArrayType(_VECTOR.llvm, count))


@register_model(Value)
@register_model(Rows)
@register_model(Tile)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, kind.llvm)


_VECTOR = Value("vector", ir.VectorType(ir.FloatType(), LANES))
_CODES = Value("codes", ir.VectorType(_INDEX, LANES))
_MASK = Value("mask", ir.VectorType(ir.IntType(1), LANES))
_LOADED = {types.float32: _VECTOR, types.uint8: _CODES, types.int32: _CODES}


@intrinsic
def load(typing_context, array, place):
    def build(context, builder, signature, arguments):
        lanes = _load_lanes(builder, address_of(context, builder, signature, arguments), LANES)
        return builder.zext(lanes, _CODES.llvm) if array.dtype is types.uint8 else lanes

    return _LOADED[array.dtype](array, types.intp), build


@intrinsic
def load_two(typing_context, array, low, high):
    def build(context, builder, signature, arguments):
        data, half = make_array(signature.args[0])(context, builder, arguments[0]).data, LANES // 2
        low, high = (_load_lanes(builder, builder.gep(data, [place]), half) for place in arguments[1:])
        return _shuffled(builder, low, high, range(LANES))

    return _VECTOR(array, types.intp, types.intp), build


@intrinsic
def store(typing_context, array, place, value):
    def build(context, builder, signature, arguments):
        address, lanes = address_of(context, builder, signature, arguments), arguments[2]
        if array.dtype is types.uint8:
            lanes = builder.trunc(lanes, ir.VectorType(address.type.pointee, LANES))
        _store_lanes(builder, lanes, address)
        return context.get_dummy_value()

    return types.void(array, types.intp, _LOADED[array.dtype]), build


@intrinsic
def zeros(typing_context):
    return _VECTOR(), lambda context, builder, signature, arguments: ir.Constant(_VECTOR.llvm, None)


@intrinsic
def filled(typing_context, number):
    kind, number = (_CODES, types.int32) if isinstance(number, types.Integer) else (_VECTOR, types.float32)
    return kind(number), lambda context, builder, signature, arguments: _copies(builder, kind, *arguments)


@intrinsic
def broadcast(typing_context, array, place):
    kind = _LOADED[array.dtype]

    def build(context, builder, signature, arguments):
        return _copies(builder, kind, builder.load(address_of(context, builder, signature, arguments)))

    return kind(array, types.intp), build


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
def prefetch(typing_context, array, place):
    def build(context, builder, signature, arguments):
        _prefetch(builder, address_of(context, builder, signature, arguments))
        return context.get_dummy_value()

    return types.void(array, types.intp), build


def _prefetch(builder, address):
    address = builder.bitcast(address, ir.IntType(8).as_pointer())
    function = ir.FunctionType(ir.VoidType(), [address.type, _INDEX, _INDEX, _INDEX])
    function = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0")
    builder.call(function, [address, _INDEX(0), _INDEX(3), _INDEX(1)])  # to be read, often, as data


def address_of(context, builder, signature, arguments):
    """The machine address of array[place]: always the first two arguments."""
    array = make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _load_lanes(builder, address, count):
    number = address.type.pointee
    return builder.load(builder.bitcast(address, ir.VectorType(number, count).as_pointer()), align=_ALIGNMENT)


def _store_lanes(builder, lanes, address):
    builder.store(lanes, builder.bitcast(address, lanes.type.as_pointer()), align=_ALIGNMENT)


def _copies(builder, kind, number):
    if kind is _CODES:
        number = builder.zext(number, _INDEX)
    single = builder.insert_element(ir.Constant(kind.llvm, ir.Undefined), number, _INDEX(0))
    return _shuffled(builder, single, single, [0] * LANES)


def _shuffled(builder, a, b, order):
    """The lanes of a, and after them those of b, in another order."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, len(order)), list(order)))


@intrinsic
def fma(typing_context, a, b, c):
    def build(context, builder, signature, arguments):
        return _fma(builder, *arguments)

    return _VECTOR(_VECTOR, _VECTOR, _VECTOR), build


def _fma(builder, a, b, c):
    # llvm.fma would be a call of the C library, lane by lane, on a machine without such an instruction
    function = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(
        cgutils.get_or_insert_function(builder.module, function, f"llvm.fmuladd.v{LANES}f32"), (a, b, c)
    )


@intrinsic
def add(typing_context, a, b):
    return _VECTOR(_VECTOR, _VECTOR), lambda context, builder, signature, arguments: builder.fadd(*arguments)


@intrinsic
def subtract(typing_context, a, b):
    return _VECTOR(_VECTOR, _VECTOR), lambda context, builder, signature, arguments: builder.fsub(*arguments)


@intrinsic
def multiply(typing_context, a, b):
    return _VECTOR(_VECTOR, _VECTOR), lambda context, builder, signature, arguments: builder.fmul(*arguments)


@intrinsic
def maximum(typing_context, a, b):
    return _VECTOR(_VECTOR, _VECTOR), lambda context, builder, signature, arguments: _larger(builder, *arguments)


@intrinsic
def lane_of(typing_context, a, lane):
    def build(context, builder, signature, arguments):
        return builder.extract_element(*arguments)

    return (types.int32 if a is _CODES else types.float32)(a, types.intp), build


@intrinsic
def total(typing_context, a):
    def build(context, builder, signature, arguments):
        return _folded(builder, arguments[0], builder.fadd)

    return types.float32(_VECTOR), build


@intrinsic
def largest(typing_context, a):
    def build(context, builder, signature, arguments):
        return _folded(builder, arguments[0], lambda low, high: _larger(builder, low, high))

    return types.float32(_VECTOR), build


def _larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _folded(builder, value, combine):
    """One number out of a vector: the upper half upon the lower, which rounds less than one number by one."""
    half = LANES // 2
    while half > 0:
        low, high = (_shuffled(builder, value, value, range(first, first + half)) for first in (0, half))
        value, half = combine(low, high), half // 2
    return builder.extract_element(value, _INDEX(0))


@intrinsic
def greater(typing_context, a, b):
    return _MASK(_VECTOR, _VECTOR), lambda context, builder, signature, arguments: builder.fcmp_ordered(">", *arguments)


@intrinsic
def at_most(typing_context, a, b):
    def build(context, builder, signature, arguments):
        return builder.fcmp_ordered("<=", *arguments)

    return _MASK(_VECTOR, _VECTOR), build


@intrinsic
def equal(typing_context, a, b):
    def build(context, builder, signature, arguments):
        return (builder.icmp_signed if a is _CODES else builder.fcmp_ordered)("==", *arguments)

    return _MASK(a, a), build


@intrinsic
def is_nan(typing_context, a):
    def build(context, builder, signature, arguments):
        return builder.fcmp_unordered("uno", arguments[0], arguments[0])

    return _MASK(_VECTOR), build


@intrinsic
def both(typing_context, a, b):
    return _MASK(_MASK, _MASK), lambda context, builder, signature, arguments: builder.and_(*arguments)


@intrinsic
def either(typing_context, a, b):
    return _MASK(_MASK, _MASK), lambda context, builder, signature, arguments: builder.or_(*arguments)


@intrinsic
def negated(typing_context, a):
    return _MASK(_MASK), lambda context, builder, signature, arguments: builder.not_(*arguments)


@intrinsic
def select(typing_context, chosen, a, b):
    return a(_MASK, a, a), lambda context, builder, signature, arguments: builder.select(*arguments)


@intrinsic
def picking(typing_context, wanted):
    def build(context, builder, signature, arguments):
        if CHOOSER != "byte":
            return arguments[0]
        all_bytes, in_order = (ir.Constant(_CODES.llvm, [word] * LANES) for word in (0x04040404, 0x03020100))
        return builder.add(builder.mul(arguments[0], all_bytes), in_order)

    return _CODES(_CODES), build


@intrinsic
def picked(typing_context, array, place, picks):
    def build(context, builder, signature, arguments):
        four = _load_lanes(builder, address_of(context, builder, signature, arguments), 4)
        low, high = _choose(builder, [four, four], arguments[2])
        return _shuffled(builder, low, high, range(LANES))

    return _VECTOR(array, types.intp, _CODES), build


@intrinsic
def picked_two(typing_context, array, low, high, picks):
    def build(context, builder, signature, arguments):
        data = make_array(array)(context, builder, arguments[0]).data
        fours = [_load_lanes(builder, builder.gep(data, [place]), 4) for place in arguments[1:3]]
        low, high = _choose(builder, fours, arguments[3])
        return _shuffled(builder, low, high, range(LANES))

    return _VECTOR(array, types.intp, types.intp, _CODES), build


def _choose(builder, fours, picks):
    """For each half of the lanes what the picks name of four numbers: a register's worth."""
    halves = [_shuffled(builder, picks, picks, range(first, first + REGISTER)) for first in (0, REGISTER)]
    return [_CHOOSERS[CHOOSER](builder, four, half) for four, half in zip(fours, halves)]


def _choose_floats(builder, four, picks):
    every_four = _shuffled(builder, four, four, list(range(4)) * (REGISTER // 4))
    function = ir.FunctionType(every_four.type, [every_four.type, picks.type])
    name = "llvm.x86.avx512.vpermilvar.ps.512"
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), (every_four, picks))


def _choose_bytes(builder, four, picks):
    numbers = ir.VectorType(ir.IntType(8), 32)
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(numbers, [numbers, numbers]), "llvm.x86.avx2.pshuf.b"
    )
    every_four = builder.bitcast(_shuffled(builder, four, four, list(range(4)) * 2), numbers)
    parts = []
    for first in range(0, REGISTER, 8):
        part = builder.bitcast(_shuffled(builder, picks, picks, range(first, first + 8)), numbers)
        part = builder.call(function, (every_four, part))
        parts.append(builder.bitcast(part, ir.VectorType(ir.FloatType(), 8)))
    while len(parts) > 1:
        parts = [_shuffled(builder, a, b, range(2 * a.type.count)) for a, b in zip(parts[::2], parts[1::2])]
    return parts[0]


def _choose_by_comparison(builder, four, picks):
    chosen = _shuffled(builder, four, four, [3] * REGISTER)
    for i in range(3):
        named = builder.icmp_signed("==", picks, ir.Constant(picks.type, [i] * REGISTER))
        chosen = builder.select(named, _shuffled(builder, four, four, [i] * REGISTER), chosen)
    return chosen


_CHOOSERS = {"float": _choose_floats, "byte": _choose_bytes, None: _choose_by_comparison}


@intrinsic
def store_fours(typing_context, array, place, a, b, c, d):
    def build(context, builder, signature, arguments):
        first = address_of(context, builder, signature, arguments)
        for start in range(0, LANES, REGISTER):
            part = range(start, start + REGISTER)
            rows = _interleaved(builder, [_shuffled(builder, value, value, part) for value in arguments[2:]])
            for four in range(0, REGISTER, 4):
                for i, row in enumerate(rows):
                    numbers = _shuffled(builder, row, row, range(four, four + 4))
                    _store_lanes(builder, numbers, builder.gep(first, [_PLACE(4 * (start + four + i))]))
        return context.get_dummy_value()

    return types.void(array, types.intp, _VECTOR, _VECTOR, _VECTOR, _VECTOR), build


def _interleaved(builder, rows):
    """Four rows as columns: within every four numbers of them."""
    rows = _exchanged(builder, rows, itertools.islice(_exchanges(rows[0].type.count), 2))
    return [rows[i] for i in (0, 2, 1, 3)]


@intrinsic
def bits_of(typing_context, mask):
    def build(context, builder, signature, arguments):
        return builder.zext(builder.bitcast(arguments[0], ir.IntType(LANES)), _PLACE)

    return types.intp(_MASK), build


@intrinsic
def lowest_bit(typing_context, bits):
    def build(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.intp(types.intp), build


@intrinsic(prefer_literal=True)
def spaced(typing_context, place, step, count=_TILE_ROWS):
    rows = Rows(count.literal_value)

    def build(context, builder, signature, arguments):
        place, step, *_ = arguments
        return _packed(builder, [builder.add(place, builder.mul(step, _PLACE(i))) for i in range(rows.count)])

    return rows(types.intp, types.intp, count), build


@intrinsic(prefer_literal=True)
def listed(typing_context, table, place, count=_TILE_ROWS):
    rows = Rows(count.literal_value)

    def build(context, builder, signature, arguments):
        first = address_of(context, builder, signature, arguments)
        return _packed(builder, [builder.load(builder.gep(first, [_PLACE(i)])) for i in range(rows.count)])

    return rows(table, types.intp, count), build


@intrinsic
def zero_tile(typing_context):
    tile = Tile()
    return tile(), lambda context, builder, signature, arguments: ir.Constant(tile.llvm, None)


@intrinsic
def load_tile(typing_context, array, rows):
    def build(context, builder, signature, arguments):
        addresses = _addresses(context, builder, signature, *arguments)
        return _packed(builder, [_load_lanes(builder, address, LANES) for address in addresses])

    return Tile(rows.count)(array, rows), build


@intrinsic
def store_tile(typing_context, array, rows, value):
    def build(context, builder, signature, arguments):
        array, rows, value = arguments
        for row, address in zip(_unpacked(builder, value), _addresses(context, builder, signature, array, rows)):
            _store_lanes(builder, row, address)
        return context.get_dummy_value()

    return types.void(array, rows, value), build


@intrinsic
def store_half_tile(typing_context, array, rows, value):
    def build(context, builder, signature, arguments):
        array, rows, value = arguments
        for row, address in zip(_unpacked(builder, value), _addresses(context, builder, signature, array, rows)):
            _store_lanes(builder, _shuffled(builder, row, row, range(LANES // 2)), address)
        return context.get_dummy_value()

    return types.void(array, rows, value), build


@intrinsic
def prefetch_tile(typing_context, array, rows):
    def build(context, builder, signature, arguments):
        for address in _addresses(context, builder, signature, *arguments):
            _prefetch(builder, address)
        return context.get_dummy_value()

    return types.void(array, rows), build


@intrinsic
def maximum_tile(typing_context, a, b):
    def build(context, builder, signature, arguments):
        a, b = arguments
        return _packed(builder, [_larger(builder, a, row) for row in _unpacked(builder, b)])

    return b(_VECTOR, b), build


@intrinsic
def fma_tile(typing_context, array, rows, place, b, c):
    def build(context, builder, signature, arguments):
        array, rows, place, b, c = arguments
        sums = []
        for address, row in zip(_addresses(context, builder, signature, array, rows), _unpacked(builder, c)):
            factor = builder.load(builder.gep(address, [place]))
            sums.append(_fma(builder, _copies(builder, _VECTOR, factor), b, row))
        return _packed(builder, sums)

    return c(array, rows, types.intp, _VECTOR, c), build


@intrinsic
def fma_vectors(typing_context, array, rows, place, b, c):
    def build(context, builder, signature, arguments):
        array, rows, place, b, c = arguments
        sums = []
        for address, row in zip(_addresses(context, builder, signature, array, rows), _unpacked(builder, c)):
            sums.append(_fma(builder, _load_lanes(builder, builder.gep(address, [place]), LANES), b, row))
        return _packed(builder, sums)

    return c(array, rows, types.intp, _VECTOR, c), build


@intrinsic
def fma_tile_two(typing_context, array, rows, low, high, b, c):
    halves = [0] * (LANES // 2) + [LANES] * (LANES // 2)

    def build(context, builder, signature, arguments):
        array, rows, low, high, b, c = arguments
        sums = []
        for address, row in zip(_addresses(context, builder, signature, array, rows), _unpacked(builder, c)):
            left, right = (
                _copies(builder, _VECTOR, builder.load(builder.gep(address, [place]))) for place in (low, high)
            )
            sums.append(_fma(builder, _shuffled(builder, left, right, halves), b, row))
        return _packed(builder, sums)

    return c(array, rows, types.intp, types.intp, _VECTOR, c), build


@intrinsic
def fold_tile(typing_context, a, b):
    def build(context, builder, signature, arguments):
        a, b = arguments
        order = [*range(LANES // 2, LANES), *range(LANES // 2)]
        rows = [builder.fadd(row, _shuffled(builder, row, row, order)) for row in _unpacked(builder, b)]
        return _packed(builder, [builder.fadd(a, row) for row in rows])

    return b(_VECTOR, b), build


def _addresses(context, builder, signature, array, rows):
    """Where each row of a tile begins."""
    data = make_array(signature.args[0])(context, builder, array).data
    return [builder.gep(data, [place]) for place in _unpacked(builder, rows)]


def _packed(builder, values):
    """An LLVM array, which its optimizer takes apart again: each of the values has its own register."""
    return cgutils.pack_array(builder, values)


def _unpacked(builder, array):
    return cgutils.unpack_tuple(builder, array)


@intrinsic
def transpose(typing_context, array, place, step, target, start):
    def build(context, builder, signature, arguments):
        _, place, step, _, start = arguments
        source = make_array(signature.args[0])(context, builder, arguments[0]).data
        result = make_array(signature.args[3])(context, builder, arguments[3]).data
        for top in range(0, LANES, REGISTER):
            lines = [builder.add(place, builder.mul(step, _PLACE(top + i))) for i in range(REGISTER)]
            for left in range(0, LANES, REGISTER):
                addresses = [builder.gep(source, [builder.add(line, _PLACE(left))]) for line in lines]
                block = _transposed(builder, [_load_lanes(builder, address, REGISTER) for address in addresses])
                for i, row in enumerate(block):
                    _store_lanes(
                        builder, row, builder.gep(result, [builder.add(start, _PLACE((left + i) * LANES + top))])
                    )
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, target, types.intp), build


@intrinsic
def transpose_tile(typing_context, array, rows, target, place, step):
    def build(context, builder, signature, arguments):
        addresses = _addresses(context, builder, signature, *arguments[:2])
        result = make_array(target)(context, builder, arguments[2]).data
        _, _, _, place, step = arguments
        for left in range(0, LANES, REGISTER):
            parts = [_load_lanes(builder, builder.gep(address, [_PLACE(left)]), REGISTER) for address in addresses]
            parts += [ir.Constant(parts[0].type, ir.Undefined)] * (-len(parts) % REGISTER)
            blocks = [_transposed(builder, parts[top : top + REGISTER]) for top in range(0, len(parts), REGISTER)]
            for i, column in enumerate(zip(*blocks)):
                start = builder.add(place, builder.mul(step, _PLACE(left + i)))
                for top, part in enumerate(column):
                    _store_lanes(builder, part, builder.gep(result, [builder.add(start, _PLACE(top * REGISTER))]))
        return context.get_dummy_value()

    return types.void(array, rows, target, types.intp, types.intp), build


def _transposed(builder, rows):
    """The columns of as many rows as a register has numbers."""
    rows = _exchanged(builder, rows, _exchanges(len(rows)))
    return [rows[four + i] for four in range(0, len(rows), 4) for i in (0, 2, 1, 3)]


def _exchanged(builder, rows, exchanges):
    rows = list(rows)
    for distance, *orders in exchanges:
        for i in range(len(rows)):
            if i & distance == 0:
                a, b = rows[i], rows[i + distance]
                rows[i], rows[i + distance] = [_shuffled(builder, a, b, order) for order in orders]
    return rows


def _exchanges(n):
    """How each two rows become two others: their distance, and what the one and the other are made of.

    0 … n − 1 are the numbers of the first row, from n on those of the second. In the end number (i, j) is number
    (j, i), but the middle two of each four rows are swapped: within four numbers to interleave rows is one
    instruction, where to exchange every second number would be two.
    """
    fours = range(0, n, 4)
    yield 1, *([i + j for i in fours for j in (k, n + k, k + 1, n + k + 1)] for k in (0, 2))
    yield 2, *([i + j for i in fours for j in (k, k + 1, n + k, n + k + 1)] for k in (0, 2))
    distance = 4
    while distance < n:
        blocks = range(0, n, 2 * distance)
        halves = [[*range(k, k + distance), *range(n + k, n + k + distance)] for k in (0, distance)]
        yield distance, *([block + j for block in blocks for j in half] for half in halves)
        distance *= 2


@intrinsic
def beyond(typing_context, array, place):
    def build(context, builder, signature, arguments):
        source, view = make_array(array)(context, builder, arguments[0]), make_array(array)(context, builder)
        data, size = address_of(context, builder, signature, arguments), (source.nitems,)
        populate_array(view, data=data, shape=size, strides=(source.itemsize,), itemsize=source.itemsize, meminfo=None)
        return view._getvalue()

    return array(array, types.intp), build


def _flat_as(array: types.Array, dtype: types.Type):
    """The memory of the numbers of an array, taken for others."""
    result = types.Array(dtype, 1, "C")

    def build(context, builder, signature, arguments):
        source = make_array(array)(context, builder, arguments[0])
        given, taken = (context.get_abi_sizeof(context.get_data_type(kind)) for kind in (array.dtype, dtype))
        size = source.nitems
        if given != taken:
            size = builder.udiv(builder.mul(size, _PLACE(given)), _PLACE(taken))
        return _view(context, builder, result, source.data, size)

    return result(array), build


def _view(context, builder, kind, address, size):
    """An array of so many numbers at an address."""
    view, number = make_array(kind)(context, builder), context.get_data_type(kind.dtype)
    data, itemsize = builder.bitcast(address, number.as_pointer()), _PLACE(context.get_abi_sizeof(number))
    populate_array(view, data=data, shape=(size,), strides=(itemsize,), itemsize=itemsize, meminfo=None)
    return view._getvalue()


@intrinsic
def flat(typing_context, array):
    return _flat_as(array, array.dtype)


@intrinsic
def as_integers(typing_context, array):
    return _flat_as(array, types.int32)


@intrinsic
def as_floats(typing_context, array):
    return _flat_as(array, types.float32)


@intrinsic
def as_words(typing_context, array):
    return _flat_as(array, types.int64)


@intrinsic(prefer_literal=True)
def on_stack(typing_context, dtype, count):
    kind = types.Array(dtype.dtype, 1, "C")

    def build(context, builder, signature, arguments):
        size = _PLACE(count.literal_value)
        data = cgutils.alloca_once(builder, context.get_data_type(kind.dtype), size=size)
        return _view(context, builder, kind, data, size)

    return kind(dtype, count), build

"""Cases of the cross-entropies: any logits; targets one-hot, soft, or with rows that do not sum to 1."""

import numpy as np
from hypothesis import strategies as st

from .arrays import Drawn
from .numbers import Numbers, seeds
from .shapes import products, shapes


def softmax_cross_entropy(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(products(2, most=4000))
    return [draw(numbers(*shape)), draw(numbers.of("one_hot", "fractions")(*shape))], {}


def sparse_softmax_cross_entropy(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    n, k = draw(products(2, most=4000))
    labels = np.random.default_rng(draw(seeds)).integers(0, k, n)
    fitting = [dtype for dtype in ("int64", "int32", "uint8") if k - 1 <= np.iinfo(dtype).max]
    return [draw(numbers(n, k)), labels.astype(draw(st.sampled_from(fitting)))], {}


def sigmoid_cross_entropy(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes())
    return [draw(numbers(*shape)), draw(numbers.of("fractions")(*shape))], {}

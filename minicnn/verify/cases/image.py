"""Cases of affine transforms: outputs of any size, positions on pixels and between them, inside and far outside."""

from hypothesis import strategies as st

from ...kernels.contract.image import ENDS, FILL_MODES, INTERPOLATIONS
from .arrays import Drawn
from .numbers import FINITE, Numbers
from .shapes import lengths, products

MOST_PIXELS = 2000


def affine_transform(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    size = draw(lengths(7, longest=33)), draw(lengths(7, longest=33))
    images, channels = draw(products(2, max(1, MOST_PIXELS // (size[0] * size[1]))))
    x = draw(numbers(images, draw(lengths(7)), draw(lengths(7)), channels))
    not_finite = [kind for kind in numbers.kinds if kind == "special"]
    matrices = draw(numbers.of(*FINITE, "fractions", *not_finite)(images, 2, 3))
    return [x, matrices], {
        "output_size": size,
        "fill_mode": draw(st.sampled_from(FILL_MODES)),
        "fill_value": draw(st.integers(-16, 16)) / 8,
        "interpolation": draw(st.sampled_from(INTERPOLATIONS)),
        "ends": draw(st.sampled_from(ENDS)),
    }

import itertools

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.contract.image import ENDS, FILL_MODES, INTERPOLATIONS

reference = backend("reference")

IDENTITY = np.eye(2, 3)
every_fill_mode = pytest.mark.parametrize("fill_mode", FILL_MODES)
every_interpolation = pytest.mark.parametrize("interpolation", INTERPOLATIONS)
every_end = pytest.mark.parametrize("ends", ENDS)


def turned(degrees: float, zoom: float = 1.0, shift: tuple[float, float] = (0, 0)) -> np.ndarray:
    """About the top left corner; shifted afterwards."""
    cos, sin = np.cos(np.deg2rad(degrees)) * zoom, np.sin(np.deg2rad(degrees)) * zoom
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


#: input size, output size, batch and channels
SHAPES = [((7, 5), (7, 5), 2, 3), ((4, 6), (9, 3), 1, 1), ((1, 1), (3, 4), 2, 2), ((5, 1), (2, 6), 3, 17)]

MATRICES = [
    IDENTITY,
    turned(20),
    turned(-75, 1.7, (4, -3)),
    turned(0, 0.3, (-0.45, 0.25)),
    turned(130, 5, (-40.2, 33.1)),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("options", list(itertools.product(FILL_MODES, INTERPOLATIONS, ENDS)), ids=" ".join)
def test_agrees_with_the_definition(options, shape, draw, implementation):
    size, output_size, n, channels = shape
    fill_mode, interpolation, ends = options
    named = {"fill_mode": fill_mode, "interpolation": interpolation, "ends": ends, "output_size": output_size}
    x = draw(n, *size, channels)
    for first in range(len(MATRICES)):
        matrices = np.stack([MATRICES[(first + i) % len(MATRICES)] for i in range(n)])
        implementation.check("affine_transform", x, matrices.astype(np.float32), fill_value=0.75, **named)


@every_end
@every_fill_mode
@every_interpolation
def test_the_identity_copies_nan_and_infinity_too(interpolation, fill_mode, ends, draw, implementation):
    x = implementation.cast(draw(2, 14, 15, 3))
    x[0, 1, 2, 0], x[0, 3, 4, 1], x[1, 0, 0, 2] = np.nan, np.inf, -np.inf
    options = {"fill_mode": fill_mode, "ends": ends, "interpolation": interpolation, "output_size": (14, 15)}
    y = implementation.run("affine_transform", x, np.stack([IDENTITY] * 2), **options)
    np.testing.assert_array_equal(y, x)


def row(name: str, shift: float, implementation, **options) -> list[float]:
    """What 12 pixels from 4 pixels before the row 1 2 3 4 on show, moved to the right by `shift`, and 9 as fill."""
    x = np.array([1.0, 2, 3, 4]).reshape(1, 1, 4, 1)
    matrices = np.array([[[1.0, 0, 0], [0, 1, -4 - shift]]])
    options = {"fill_mode": name, "output_size": (1, 12), "fill_value": 9.0, **options}
    return implementation.run("affine_transform", x, matrices, **options).ravel().tolist()


@every_end
@every_interpolation
def test_fill_modes_by_hand(interpolation, ends, implementation):
    options = {"interpolation": interpolation, "ends": ends}
    assert row("constant", 0, implementation, **options) == [9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9]
    assert row("nearest", 0, implementation, **options) == [1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 4]
    assert row("reflect", 0, implementation, **options) == [4, 3, 2, 1, 1, 2, 3, 4, 4, 3, 2, 1]


def test_wrapped_images_follow_each_other_or_share_their_border(implementation):
    assert row("wrap", 1, implementation) == [4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3]
    assert row("wrap", 0.5, implementation)[3:9] == [3.5, 4, 1.5, 2.5, 3.5, 1]
    assert row("wrap", 0, implementation, ends="centres") == [3, 1, 2, 3, 1, 2, 3, 4, 2, 3, 1, 2]


def test_constant_fades_from_edge_to_edge_or_ends_at_the_centres(implementation):
    assert row("constant", 0.5, implementation)[4:10] == [5, 1.5, 2.5, 3.5, 6.5, 9]
    assert row("constant", 0.5, implementation, ends="centres")[4:10] == [9, 1.5, 2.5, 3.5, 9, 9]


def test_of_two_nearest_pixels_the_one_farther_from_0_shows(implementation):
    assert row("constant", 0.5, implementation, interpolation="nearest")[4:10] == [9, 2, 3, 4, 9, 9]


def test_matrices_give_row_and_column(implementation):
    x = np.arange(6.0).reshape(1, 2, 3, 1)
    transposed = np.array([[[0.0, 1, 0], [1, 0, 0]]])
    y = implementation.run("affine_transform", x, transposed, output_size=(3, 2))
    np.testing.assert_array_equal(y[0, :, :, 0], x[0, :, :, 0].T)


@every_fill_mode
@every_interpolation
def test_a_position_that_is_not_finite_shows_nan(interpolation, fill_mode, draw, implementation):
    matrices = np.stack([IDENTITY] * 3)
    matrices[0, 0, 2], matrices[1, 1, 2] = np.nan, -np.inf
    options = {"fill_mode": fill_mode, "interpolation": interpolation, "output_size": (4, 5)}
    y = implementation.run("affine_transform", draw(3, 4, 5, 2), matrices, **options)
    assert np.isnan(y[:2]).all()
    assert np.isfinite(y[2]).all()


@every_fill_mode
def test_positions_beyond_all_integers_are_legal(fill_mode, draw, implementation):
    matrices = np.array([[[1e30, 0, -3e30], [0, -1e25, 1e24]]], np.float32)
    implementation.check("affine_transform", draw(1, 4, 5, 2), matrices, output_size=(4, 5), fill_mode=fill_mode)


def test_any_memory_layout(layout, draw, implementation):
    x, matrices = implementation.cast(draw(2, 6, 7, 3)), np.stack([turned(20), turned(-40)]).astype(np.float32)
    y = implementation.run("affine_transform", layout(x), layout(matrices), output_size=(5, 4))
    implementation.assert_close(y, reference.affine_transform(x, matrices, output_size=(5, 4)))


def test_any_number_of_threads_gives_the_same_bits(draw, any_threads):
    x = draw(5, 90, 70, 3).astype(np.float32)
    matrices = np.stack([turned(10 * i, 1 + i / 10, (i, -i)) for i in range(5)])
    results = []
    for count in (1, 2, 3):
        any_threads(count)
        results.append(backend("cpu").affine_transform(x, matrices, output_size=(80, 100)))
    assert all(np.array_equal(result, results[0]) for result in results)


# Independent references

_SCIPY_MODES = {
    ("constant", "edges"): "grid-constant",
    ("constant", "centres"): "constant",
    ("nearest", "edges"): "nearest",
    ("reflect", "edges"): "reflect",
    ("wrap", "centres"): "wrap",
}


@pytest.mark.parametrize(("fill_mode", "ends"), list(_SCIPY_MODES))
@every_interpolation
def test_agrees_with_scipy(interpolation, fill_mode, ends, draw, implementation):
    ndimage = pytest.importorskip("scipy.ndimage", reason="scipy is not installed")
    x = draw(1, 9, 7, 1)
    for matrix in MATRICES[1:]:
        options = {"fill_mode": fill_mode, "interpolation": interpolation, "ends": ends, "fill_value": 0.5}
        y = implementation.run("affine_transform", x, matrix[None], output_size=(6, 11), **options)
        expected = ndimage.affine_transform(
            x[0, :, :, 0],
            matrix[:, :2],
            matrix[:, 2],
            output_shape=(6, 11),
            order=INTERPOLATIONS.index(interpolation),
            mode=_SCIPY_MODES[fill_mode, ends],
            cval=0.5,
        )
        implementation.assert_close(y[0, :, :, 0], expected)


@every_fill_mode
@every_interpolation
def test_agrees_with_tensorflow(interpolation, fill_mode, draw, implementation):
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    x = draw(len(MATRICES), 9, 7, 3)
    matrices = np.stack(MATRICES)
    y = implementation.run(
        "affine_transform",
        x,
        matrices,
        output_size=(6, 11),
        fill_mode=fill_mode,
        fill_value=0.5,
        interpolation=interpolation,
    )
    columns_first = matrices[:, ::-1][:, :, [1, 0, 2]].reshape(-1, 6)
    expected = tf.raw_ops.ImageProjectiveTransformV3(
        images=x.astype(np.float32),
        transforms=np.concatenate([columns_first, np.zeros((len(x), 2))], 1).astype(np.float32),
        output_shape=(6, 11),
        fill_value=0.5,
        interpolation=interpolation.upper(),
        fill_mode=fill_mode.upper(),
    )
    far = np.stack([_far(matrix, (9, 7), (6, 11)) & (fill_mode == "wrap") for matrix in MATRICES])
    np.testing.assert_allclose(y[~far], expected.numpy()[~far], atol=2e-4)  # TensorFlow's positions are float32


def _far(matrix: np.ndarray, size: tuple[int, int], output_size: tuple[int, int]) -> np.ndarray:
    """Where TensorFlow no longer repeats the image."""
    pixels = np.stack([*np.indices(output_size), np.ones(output_size)])
    positions, last = np.einsum("ij,jpq->ipq", matrix, pixels), np.array(size)[:, None, None] - 1
    return ((positions <= -last) | (positions >= 2 * last)).any(axis=0)

"""Initializers: bounds, moments, fans and seeds."""

import numpy as np
import pytest

import minicnn
from minicnn import config, initializers
from minicnn.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Ones,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
    compute_fans,
)

DENSE, CONV = (120, 250), (5, 3, 40, 60)

#: class → scale and fan of its variance, by its paper
FANS = {
    GlorotUniform: (2, "in + out"),
    GlorotNormal: (2, "in + out"),
    HeUniform: (2, "in"),
    HeNormal: (2, "in"),
    LecunUniform: (1, "in"),
    LecunNormal: (1, "in"),
}
RANDOM = [*FANS, RandomNormal, RandomUniform, TruncatedNormal]


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((), (1, 1)), ((7,), (7, 7)), ((3, 4), (3, 4)), ((5, 3, 2, 8), (30, 120)), ((2, 3, 4, 5, 6), (120, 144))],
)
def test_fans(shape, fans):
    assert compute_fans(shape) == fans


@pytest.mark.parametrize(("shape", "n_in", "n_out"), [(DENSE, 120, 250), (CONV, 600, 900)])
@pytest.mark.parametrize("kind", FANS)
def test_variance_follows_the_fan(kind, shape, n_in, n_out):
    scale, fan = FANS[kind]
    variance = scale / (n_in if fan == "in" else n_in + n_out)
    values = kind(seed=1)(shape)
    assert values.shape == shape
    assert values.dtype == np.float32
    assert np.mean(values) == pytest.approx(0, abs=0.02 * variance**0.5)
    assert np.var(values) == pytest.approx(variance, rel=0.03)


@pytest.mark.parametrize("kind", FANS)
def test_bounds(kind):
    scale, fan = FANS[kind]
    stddev = (scale / (120 if fan == "in" else 370)) ** 0.5
    limit = 3**0.5 * stddev if "Uniform" in kind.__name__ else 2 * stddev / 0.87962566
    assert 0.99 * limit < np.abs(kind(seed=2)(DENSE)).max() <= limit * 1.000001


def test_normal():
    values = RandomNormal(2.0, 0.5, seed=3)((300, 300))
    assert values.mean() == pytest.approx(2, abs=0.01)
    assert values.std() == pytest.approx(0.5, rel=0.01)
    assert np.mean(np.abs(values - 2) > 1) == pytest.approx(0.0455, abs=0.003)  # outside two standard deviations


def test_truncated_normal_is_cut_at_two_standard_deviations():
    values = TruncatedNormal(2.0, 0.5, seed=3)((300, 300))
    assert values.std() == pytest.approx(0.5 * 0.87962566, rel=0.01)
    assert 0.99 < np.abs(values - 2).max() <= 1


def test_uniform():
    values = RandomUniform(1, 3, seed=4)((300, 300))
    assert values.min() == pytest.approx(1, abs=0.001)
    assert values.max() == pytest.approx(3, abs=0.001)
    assert values.mean() == pytest.approx(2, abs=0.01)


def test_untruncated_scaling():
    values = VarianceScaling(1.0, "fan_out", "untruncated_normal", seed=5)(DENSE)
    assert values.var() == pytest.approx(1 / 250, rel=0.03)
    assert np.abs(values).max() > 3 / 250**0.5


@pytest.mark.parametrize("kind", RANDOM)
class TestSeeds:
    def test_a_seed_repeats(self, kind):
        assert np.array_equal(kind(seed=7)((3, 4)), kind(seed=7)((3, 4)))
        assert not np.array_equal(kind(seed=7)((3, 4)), kind(seed=8)((3, 4)))

    def test_without_one_the_projects_seed_decides(self, kind):
        minicnn.utils.set_random_seed(1)
        first, second = kind()((3, 4)), kind()((3, 4))
        minicnn.utils.set_random_seed(1)
        assert np.array_equal(kind()((3, 4)), first)
        assert not np.array_equal(first, second)

    def test_numpys_global_state_is_not_touched(self, kind):
        np.random.seed(0)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        kind()((3, 4))
        assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_dtypes_share_their_numbers(self, kind):
        single, double = kind(seed=9)((50,)), kind(seed=9)((50,), "float64")
        assert double.dtype == np.float64
        assert np.array_equal(single, double.astype(np.float32))


def test_constants():
    assert np.array_equal(Zeros()((2, 3)), np.zeros((2, 3), np.float32))
    assert np.array_equal(Ones()((2,), "float64"), np.ones(2))
    assert np.array_equal(Constant([1.0, 2.0])((3, 2)), np.tile([1.0, 2.0], (3, 1)))
    assert Constant(0.5)((1,)).dtype == np.float32


def test_default_dtype():
    config.set_floatx("float64")
    try:
        assert Ones()((1,)).dtype == HeNormal()((2, 2)).dtype == np.float64
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("glorot_uniform", GlorotUniform),
        ("he_normal", HeNormal),
        ("LecunUniform", LecunUniform),
        ("zeros", Zeros),
        ("one", Ones),
        ("uniform", RandomUniform),
        ("truncated_normal", TruncatedNormal),
        (GlorotNormal, GlorotNormal),
    ],
)
def test_get(name, kind):
    assert type(initializers.get(name)) is kind


def test_get_from_an_array():
    values = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(initializers.get(values)((2, 3)), values)


def test_get_refuses_unknown_names():
    with pytest.raises(ValueError, match="no initializer 'glorot'; there are:"):
        initializers.get("glorot")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [({"scale": 0}, "scale must be positive"), ({"mode": "in"}, "mode must"), ({"distribution": "x"}, "distribution")],
)
def test_wrong_scaling(arguments, match):
    with pytest.raises(ValueError, match=match):
        VarianceScaling(**arguments)


@pytest.mark.parametrize(
    "made", [HeNormal(seed=3), RandomUniform(0, 2, seed=1), Constant(0.1), VarianceScaling(seed=2)]
)
def test_config_rebuilds(made):
    again = type(made).from_config(made.get_config())
    assert np.array_equal(again((4, 5)), made((4, 5)))

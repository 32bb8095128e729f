import numpy as np
import pytest

from minicnn.kernels import backend

reference = backend("reference")

#: kernel, options, number of state arrays
UPDATES = [
    ("sgd_update", {}, 0),
    ("sgd_update", {"momentum": 0.9}, 1),
    ("sgd_update", {"momentum": 0.9, "nesterov": True}, 1),
    ("rmsprop_update", {}, 1),
    ("rmsprop_update", {"rho": 0.8, "epsilon": 1e-3}, 2),
    ("rmsprop_update", {"momentum": 0.9}, 3),
    ("adam_update", {"step": 1}, 2),
    ("adam_update", {"step": 7, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3}, 2),
    ("adam_update", {"step": 1000}, 3),
    ("adamw_update", {"step": 2, "weight_decay": 0.1}, 2),
    ("adamw_update", {"step": 2, "weight_decay": 0.1, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3}, 3),
]
every_update = pytest.mark.parametrize(("kernel", "options", "states"), UPDATES)


@pytest.fixture
def arrays(draw):
    """arrays(states, shape): w, g and so many states; every state is positive, so that it may be a mean of squares."""

    def make(states: int, shape: tuple[int, ...]) -> list[np.ndarray]:
        w, g = draw(*shape), draw(*shape)
        # larger than g², as a centred variance must not turn negative
        return [w, g, *(np.asarray(np.abs(draw(*shape)) + offset) for offset in (2.0, 0.1, 0.1)[:states])]

    return make


def run_both(implementation, kernel: str, given: list[np.ndarray], **options) -> None:
    """The kernel and the reference leave the same numbers in w and in every state, and g as it was."""
    actual = [implementation.cast(array).copy(order="K") for array in given]
    expected = [array.astype(np.float64) for array in given]
    implementation.run(kernel, *actual, **options)
    getattr(reference, kernel)(*expected, **options)
    implementation.assert_close(tuple(actual), tuple(expected))
    np.testing.assert_array_equal(actual[1], given[1])
    assert not np.array_equal(actual[0], given[0])


@pytest.mark.parametrize("shape", [(3, 3, 5, 4), (7,), (1,), (), (1031,)], ids=str)
@every_update
def test_agrees_with_the_reference(kernel, options, states, shape, arrays, implementation):
    run_both(implementation, kernel, arrays(states, shape), learning_rate=0.1, **options)


@every_update
def test_updates_reach_the_callers_array_in_any_memory_layout(kernel, options, states, arrays, layout, implementation):
    given = arrays(states, (5, 6))
    actual = [layout(implementation.cast(array)) for array in given]
    implementation.run(kernel, *actual, learning_rate=0.1, **options)
    getattr(reference, kernel)(*given, learning_rate=0.1, **options)
    implementation.assert_close(tuple(actual), tuple(given))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@every_update
def test_nan_and_infinity_stay_in_their_element(kernel, options, states, value, arrays, implementation):
    given = arrays(states, (9,))
    given[1][4] = value
    run_both(implementation, kernel, given, learning_rate=0.1, **options)


def test_a_nan_among_the_largest_squares_stays(arrays, implementation):
    given = arrays(3, (9,))
    given[4][4] = np.nan
    run_both(implementation, "adam_update", given, learning_rate=0.1, step=2)


@every_update
def test_several_steps_stay_together(kernel, options, states, arrays, draw, implementation):
    actual = [implementation.cast(array) for array in arrays(states, (6, 5))]
    expected = [array.astype(np.float64) for array in actual]
    for step in range(1, 6):
        actual[1][...] = expected[1][...] = draw(6, 5)
        timed = {**options, "step": step} if "step" in options else options
        implementation.run(kernel, *actual, learning_rate=0.01, **timed)
        getattr(reference, kernel)(*expected, learning_rate=0.01, **timed)
    implementation.assert_close(tuple(actual), tuple(expected))


# The reference against numbers worked out by hand.


def one(number: float) -> np.ndarray:
    return np.array([number])


def after(kernel: str, *numbers: float, **options) -> list[float]:
    """The numbers after one update: w, g, states."""
    arrays = [one(number) for number in numbers]
    getattr(reference, kernel)(*arrays, **options)
    return [array.item() for array in arrays]


def test_sgd_by_hand():
    assert after("sgd_update", 1.0, 2.0, learning_rate=0.25) == [0.5, 2]
    assert after("sgd_update", 1.0, 2.0, 4.0, learning_rate=0.25, momentum=0.5) == [2.5, 2, 1.5]
    assert after("sgd_update", 1.0, 2.0, 4.0, learning_rate=0.25, momentum=0.5, nesterov=True) == [1.25, 2, 1.5]


def test_rmsprop_by_hand():
    options = {"learning_rate": 2.0, "rho": 0.75, "epsilon": 0.0}
    # s = 0.75·16 + 0.25·16 = 16, step = 2·4 / 4
    assert after("rmsprop_update", 1.0, 4.0, 16.0, **options) == [-1, 4, 16]
    # a = 0.75·(4/3) + 0.25·4 = 2, s = 0.75·(28/3) + 4 = 11, √(11 − 2² + 9) = 4
    w, _, s, a = after("rmsprop_update", 1.0, 4.0, 28 / 3, 4 / 3, **{**options, "epsilon": 9.0})
    assert (w, s, a) == (-1, 11, 2)


def test_rmsprop_momentum_by_hand():
    w, g, s, a, u = (one(number) for number in (1.0, 4.0, 16.0, 0.0, 8.0))
    options = {"learning_rate": 2.0, "rho": 0.75, "momentum": 0.5, "epsilon": 1.0}
    reference.rmsprop_update(w, g, s, a, u, **options)  # √(16 − 1 + 1) = 4, u = 4 + 2
    assert (w.item(), s.item(), a.item(), u.item()) == (-5, 16, 1, 6)
    w, s, u = one(1.0), one(16.0), one(8.0)
    reference.rmsprop_update(w, g, s, None, u, **{**options, "epsilon": 0.0})
    assert (w.item(), u.item()) == (-5, 6)


def test_adam_by_hand():
    # m = 0.5·2 + 0.5·4 = 3, v = 0.75·0 + 0.25·16 = 4, η₁ = 1·√0.25 / 0.5 = 1, step = 3 / (2 + 1)
    options = {"learning_rate": 1.0, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 1.0}
    assert after("adam_update", 5.0, 4.0, 2.0, 0.0, step=1, **options) == [4, 4, 3, 4]
    # v_max = max(25, 4) stands in for v: 3 / (5 + 1)
    assert after("adam_update", 5.0, 4.0, 2.0, 0.0, 25.0, step=1, **options) == [4.5, 4, 3, 4, 25]
    # step 2: η₂ = √(1 − 0.5625) / (1 − 0.25)
    w = after("adam_update", 5.0, 4.0, 2.0, 0.0, step=2, **options)[0]
    np.testing.assert_allclose(w, 5 - np.sqrt(0.4375) / 0.75, rtol=1e-15)


def test_an_infinite_weight_decays_to_infinity(implementation):
    """w − η·λ·w would be ∞ − ∞."""
    given = [np.array([np.inf, -np.inf, np.nan]), np.ones(3), np.ones(3), np.ones(3)]
    w = [implementation.cast(array).copy() for array in given]
    implementation.run("adamw_update", *w, learning_rate=0.1, step=1, weight_decay=0.1)
    reference.adamw_update(*given, learning_rate=0.1, step=1, weight_decay=0.1)
    np.testing.assert_array_equal(w[0], [np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(given[0], [np.inf, -np.inf, np.nan])


def test_adamw_decays_the_weight_first_by_hand():
    options = {"learning_rate": 1.0, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 1.0, "step": 1}
    assert after("adamw_update", 8.0, 4.0, 2.0, 0.0, weight_decay=0.25, **options) == [5, 4, 3, 4]

"""Learning rate schedules at their corners."""

import math

import pytest

from minicnn.optimizers.schedules import CosineDecay, ExponentialDecay, LearningRateSchedule, PiecewiseConstantDecay


@pytest.mark.parametrize(("step", "rate"), [(0, 0.8), (5, 0.8 * 0.5**0.5), (10, 0.4), (25, 0.8 * 0.5**2.5)])
def test_exponential(step, rate):
    assert ExponentialDecay(0.8, 10, 0.5)(step) == pytest.approx(rate, rel=1e-15)


@pytest.mark.parametrize(("step", "rate"), [(0, 0.8), (9, 0.8), (10, 0.4), (19, 0.4), (20, 0.2)])
def test_staircase(step, rate):
    assert ExponentialDecay(0.8, 10, 0.5, staircase=True)(step) == rate


@pytest.mark.parametrize(("step", "rate"), [(0, 3), (2, 3), (3, 2), (5, 2), (6, 1), (100, 1)])
def test_boundaries_belong_to_the_piece_before_them(step, rate):
    assert PiecewiseConstantDecay([2, 5], [3, 2, 1])(step) == rate


@pytest.mark.parametrize(("step", "rate"), [(0, 2.0), (5, 1.2), (10, 0.4), (11, 0.4)])
def test_cosine(step, rate):
    assert CosineDecay(2.0, 10, alpha=0.2)(step) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.1), (2, 0.35), (3, 0.475), (4, 0.6), (6, 0.6 * (0.9 * (1 + math.cos(math.pi * 0.2)) / 2 + 0.1)), (14, 0.06)],
)
def test_cosine_after_warm_up(step, rate):
    assert CosineDecay(0.1, 10, alpha=0.1, warmup_target=0.6, warmup_steps=4)(step) == pytest.approx(rate)


def test_a_target_without_warm_up_steps_is_the_start():
    assert CosineDecay(0.1, 10, warmup_target=0.6)(0) == 0.6


@pytest.mark.parametrize(
    "schedule",
    [ExponentialDecay(0.1, 3, 0.9, True), PiecewiseConstantDecay([1], [1, 2]), CosineDecay(0.1, 5, 0.1, "c", 0.3, 2)],
)
def test_config_rebuilds(schedule):
    again = type(schedule).from_config(schedule.get_config())
    assert [again(step) for step in range(8)] == [schedule(step) for step in range(8)]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda **name: ExponentialDecay(0.1, 3, 0.9, **name), "ExponentialDecay"),
        (lambda **name: PiecewiseConstantDecay([1], [1, 2], **name), "PiecewiseConstant"),
        (lambda **name: CosineDecay(0.1, 5, **name), "CosineDecay"),
    ],
)
def test_names_are_keras_names(make, name):
    assert make().name == make().get_config()["name"] == name
    assert make(name="mine").name == "mine"


@pytest.mark.parametrize("make", [lambda: ExponentialDecay(0.1, 0, 0.9), lambda: CosineDecay(0.1, -1)])
def test_decay_steps_must_be_positive(make):
    with pytest.raises(ValueError, match="decay_steps must be positive"):
        make()


def test_values_must_fit_boundaries():
    with pytest.raises(ValueError, match="2 boundaries make 3 pieces, but there are 2 values"):
        PiecewiseConstantDecay([1, 2], [1.0, 2.0])


def test_a_schedule_writes_its_own_formula():
    with pytest.raises(NotImplementedError):
        LearningRateSchedule()(0)

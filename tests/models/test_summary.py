"""The table that `summary` prints."""

import io

import pytest
from rich.console import Console

from minicnn import Input, Model, Sequential
from minicnn.layers import Add, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from minicnn.models.summary import print_summary


def printed(model, width=100):
    console = Console(file=io.StringIO(), width=width)
    print_summary(model, console)
    return console.file.getvalue()


def rows(text):
    """The cells of the table, line by line."""
    lines = [line.replace("┃", "│").split("│")[1:-1] for line in text.splitlines() if line[:1] in "│┃"]
    return [[cell.strip() for cell in line] for line in lines]


def lenet():
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(6, 5, padding="same", activation="relu"),
            MaxPooling2D(),
            Conv2D(16, 5, activation="relu"),
            MaxPooling2D(),
            Flatten(),
            Dense(120, activation="relu"),
            Dense(84, activation="relu"),
            Dense(10, activation="softmax"),
        ],
        name="lenet",
    )


def test_lenet():
    text = printed(lenet())
    assert 'Model: "lenet"' in text
    assert rows(text) == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["conv2d (Conv2D)", "(None, 28, 28, 6)", "156"],
        ["max_pooling2d (MaxPooling2D)", "(None, 14, 14, 6)", "0"],
        ["conv2d_1 (Conv2D)", "(None, 10, 10, 16)", "2,416"],
        ["max_pooling2d_1 (MaxPooling2D)", "(None, 5, 5, 16)", "0"],
        ["flatten (Flatten)", "(None, 400)", "0"],
        ["dense (Dense)", "(None, 120)", "48,120"],
        ["dense_1 (Dense)", "(None, 84)", "10,164"],
        ["dense_2 (Dense)", "(None, 10)", "850"],
    ]
    assert " Total params: 61,706 (241.04 KB)\n" in text
    assert " Trainable params: 61,706 (241.04 KB)\n" in text
    assert " Non-trainable params: 0 (0.00 B)\n" in text


def test_frozen_layers_and_moving_statistics_are_not_trainable():
    model = Sequential([Input((4,)), Dense(3), BatchNormalization()])
    model.layers[0].trainable = False
    text = printed(model)
    assert " Total params: 27 (108.00 B)\n Trainable params: 6 (24.00 B)\n Non-trainable params: 21" in text


def test_before_building():
    text = printed(Sequential([Dense(3), Dropout(0.5)], name="later"))
    assert rows(text)[1:] == [["dense (Dense)", "?", "0 (unbuilt)"], ["dropout (Dropout)", "?", "0 (unbuilt)"]]
    assert " Total params: 0 (0.00 B)" in text


def test_branches_and_shared_layers():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = Dense(2, name="shared")
    model = Model([a, b], Add(name="sum")([shared(a), shared(b)]))
    assert rows(printed(model)) == [
        ["Layer (type)", "Output Shape", "Param #", "Connected to"],
        ["a (InputLayer)", "(None, 3)", "0", ""],
        ["b (InputLayer)", "(None, 3)", "0", ""],
        ["shared (Dense)", "(None, 2)", "8", "a, b"],
        ["sum (Add)", "(None, 2)", "0", "shared"],
    ]


def test_models_inside_models():
    inner = Sequential([Dense(3), Dense(2)], name="inner")
    assert rows(printed(Sequential([Input((4,)), inner])))[1] == ["inner (Sequential)", "(None, 2)", "23"]


@pytest.mark.parametrize("width", [30, 40, 60])
def test_nothing_is_cut_off(width):
    model = Sequential([Input((28, 28, 1)), Conv2D(6, 5, name="a_layer_with_a_name_that_no_table_can_hold")])
    text = printed(model, width)
    assert "…" not in text
    cells = "".join(row[0] for row in rows(text))
    assert "a_layer_with_a_name_that_no_table_can_hold(Conv2D)" in cells.replace(" ", "")


def test_prints(capsys):
    lenet().summary()
    assert "61,706" in capsys.readouterr().out

"""Nets from scripts: one line with file and line number for whatever is wrong."""

import pytest

from minicnn.run.script import ScriptError, model_of_script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "net.py defines no function `model"),
        ("def model(:", "net.py, line 1: "),
        ("import nowhere_to_be_found", "net.py, line 1: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        (
            "def model(shape, classes):\n    a = 1\n    return a / 0",
            "net.py, line 3: ZeroDivisionError: division by zero",
        ),
        ("def model(shape):\n    return 1", "net.py: TypeError: "),
        ("def model(shape, classes):\n    return 7", "net.py: model.. returned 7, not a model"),
        (
            "import minicnn as keras\ndef model(shape, classes):\n    return keras.Sequential([keras.layers.Dense(2)])",
            "the model has no shapes yet: begin it with Input",
        ),
        (
            "import minicnn as keras\ndef model(shape, classes):\n"
            "    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(5)])",
            r"must take images \(8, 8, 3\) and answer with 3 probabilities; it goes from \[\(8, 8, 3\)\] to \(5,\)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, message):
    (tmp_path / "net.py").write_text(text)
    with pytest.raises(ScriptError, match=message) as error:
        model_of_script(tmp_path / "net.py", (8, 8, 3), 3)
    assert "\n" not in str(error.value)


def test_a_missing_script(tmp_path):
    with pytest.raises(ScriptError, match=r"cannot read .*net\.py: No such file"):
        model_of_script(tmp_path / "net.py", (8, 8, 3), 3)


def test_one_answer_is_enough_for_two_classes(tmp_path):
    text = (
        "import minicnn as keras\ndef model(shape, classes):\n"
        "    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1)])"
    )
    (tmp_path / "net.py").write_text(text)
    assert model_of_script(tmp_path / "net.py", (8, 8, 3), 2).outputs[0].shape == (None, 1)
    with pytest.raises(ScriptError, match="3 probabilities;"):
        model_of_script(tmp_path / "net.py", (8, 8, 3), 3)

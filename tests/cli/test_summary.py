"""`minicnn summary`: layers, shapes and parameters of a model file."""


def test_the_table_names_layers_shapes_and_classes(run, model_file):
    code, out, err = run("summary", model_file)
    assert (code, err) == (0, "")
    for expected in ("Model: ", "conv2d", "(None, 24, 24, 16)", "Total params: 80,202", "Classes: 0, 1, 2"):
        assert expected in out


def test_json(run, model_file):
    found = run("summary", model_file, "--json").json
    assert found["inputs"] == [[None, 28, 28, 1]]
    assert found["class_names"] == list("0123456789")
    assert found["parameters"] == found["trainable_parameters"] == 80202
    assert sum(layer["parameters"] for layer in found["layers"]) == 80202
    assert [layer["type"] for layer in found["layers"]][:3] == ["Rescaling", "Conv2D", "MaxPooling2D"]
    assert found["layers"][1]["output_shapes"] == [[None, 24, 24, 16]]


def test_the_plan_shows_kernels_and_their_share(run, model_file, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")  # else names are folded
    code, out, _ = run("summary", model_file, "--plan", "--batch-size", "4")
    assert code == 0
    assert "conv2d_relu_max_pool" in out
    found = run("summary", model_file, "--plan", "--batch-size", "4", "--json").json
    assert found["plan"][0]["flops"] > 0
    assert found["plan_bytes"] > 0

"""Paintings and their artists: three networks, each with and without regularisation.

    python examples/paintings.py FOLDER [--epochs 20] [--picture paintings.png]

FOLDER holds one sub-folder of paintings an artist, or any other images by class; a fifth of them is kept for
validation. Ends with a table of all runs and a picture of their accuracies, side by side.

The program is Keras's but for the import line: with `import keras` it runs on TensorFlow.
"""

import argparse

import minicnn as keras

SIZE = (244, 244)

#: filters of the 3×3 convolutions; None is 2×2 max-pooling
NETWORKS = {
    "net 1": (32, None, 64, None, 128, None),
    "net 2": (32, None, 64, None, 128, None),  # the same, regularised otherwise
    "net 3": (32, None, 64, 64, None, 128, None),
}

#: penalties on the kernels of the regularised runs: strong enough to be seen, weak enough to learn
REGULARIZERS = {
    "net 1": keras.regularizers.L2(1e-4),
    "net 2": keras.regularizers.L1L2(l1=1e-6, l2=1e-4),
    "net 3": keras.regularizers.L1(1e-6),
}


def augmentation() -> keras.Sequential:
    """Each time a painting is seen, it is turned, mirrored, zoomed and shifted to the left or right a little."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal_and_vertical"),
            layers.RandomRotation(0.05),
            layers.RandomZoom(0.1),
            layers.RandomTranslation(height_factor=0.0, width_factor=0.1),
        ],
        name="augmentation",
    )


def network(name: str, classes: int, regularizer: keras.regularizers.Regularizer | None) -> keras.Sequential:
    """3×3 convolutions that keep the size, with ReLU, then one dense layer of class probabilities."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((*SIZE, 3)), augmentation(), layers.Rescaling(1 / 255)])
    for filters in NETWORKS[name]:
        if filters is None:
            model.add(layers.MaxPooling2D())
        else:
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_regularizer=regularizer))
    model.add(layers.Flatten())
    model.add(layers.Dense(classes, activation="softmax", kernel_regularizer=regularizer))
    return model


def train(name: str, regularized: bool, training, validation, options: argparse.Namespace) -> dict:
    """The history of one run. All begin with the same random numbers."""
    keras.utils.set_random_seed(options.seed)
    classes = len(training.class_names)
    model = network(name, classes, REGULARIZERS[name] if regularized else None)
    model.summary()
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(), metrics=["accuracy"])
    history = model.fit(training, validation_data=validation, epochs=options.epochs, verbose=2).history
    return {**history, "parameters": model.count_params()}


def show_table(runs: dict) -> None:
    print(f"\n{'run':22}{'parameters':>12}{'training':>10}{'validation':>12}{'best':>8}")
    for name, run in runs.items():
        ours, others = run["accuracy"][-1], run["val_accuracy"][-1]
        print(f"{name:22}{run['parameters']:12,}{ours:10.1%}{others:12.1%}{max(run['val_accuracy']):8.1%}")


def draw(runs: dict, path: str) -> None:
    """Accuracy of every epoch, one panel a run."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6), layout="constrained")
    for axes, (name, run) in zip(figure.subplots(2, 3, sharex=True, sharey=True).T.flat, runs.items()):
        epochs = range(1, len(run["accuracy"]) + 1)
        axes.plot(epochs, run["accuracy"], marker=".", label="training")
        axes.plot(epochs, run["val_accuracy"], marker=".", label="validation")
        axes.set(title=name, xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
        axes.grid(alpha=0.3)
        axes.legend(loc="upper left")
    figure.savefig(path)
    print(f"\naccuracies of all epochs: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare three networks on images of several classes.")
    parser.add_argument("folder", help="one sub-folder of images a class")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="paintings.png", help="where the curves go (default: %(default)s)")
    options = parser.parse_args()

    training, validation = keras.utils.image_dataset_from_directory(
        options.folder,
        label_mode="categorical",
        batch_size=options.batch_size,
        image_size=SIZE,
        seed=options.seed,
        validation_split=0.2,
        subset="both",
    )
    runs = {}
    for name in NETWORKS:
        for regularized in (False, True):
            title = f"{name}, {'regularised' if regularized else 'plain'}"
            print(f"\n{title}")
            runs[title] = train(name, regularized, training, validation, options)
    show_table(runs)
    draw(runs, options.picture)


if __name__ == "__main__":
    main()

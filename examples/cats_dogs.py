"""Cats and dogs: a first classifier of photographs, and what overfitting looks like.

    python examples/cats_dogs.py FOLDER [--network conv1024 | dense512] [--epochs 15]

FOLDER holds one sub-folder of photographs a class, such as cats/ and dogs/; a fifth of them is kept for validation.
With 2,000 photographs either network knows its training images by heart after 15 epochs and still errs on more than
a quarter of the others: `minicnn train FOLDER` shows the cure, augmentation and regularisation.

The program is Keras's but for the import line: with `import keras` it runs on TensorFlow.
"""

import argparse

import minicnn as keras

SIZE = (150, 150)


def network(name: str) -> keras.Sequential:
    """Four convolutions, or three and a dense layer; probability of the second class at the end."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((*SIZE, 3)), layers.Rescaling(1 / 255)], name=name)
    for filters in (16, 32, 64, 1024) if name == "conv1024" else (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    if name == "dense512":
        model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a classifier of two kinds of photographs.")
    parser.add_argument("folder", help="one sub-folder of images a class")
    parser.add_argument("--network", choices=("conv1024", "dense512"), default="conv1024")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    training, validation = keras.utils.image_dataset_from_directory(
        options.folder,
        label_mode="binary",
        batch_size=20,
        image_size=SIZE,
        seed=options.seed,
        validation_split=0.2,
        subset="both",
    )
    model = network(options.network)
    model.summary()
    model.compile(
        loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(learning_rate=0.001), metrics=["accuracy"]
    )
    history = model.fit(training, validation_data=validation, epochs=options.epochs, verbose=2).history
    print(
        f"accuracy: {history['accuracy'][-1]:.1%} of the training images, {history['val_accuracy'][-1]:.1%} of others"
    )


if __name__ == "__main__":
    main()

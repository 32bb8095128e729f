"""The network of the tutorial behind many cats-and-dogs programs, for `minicnn train --script`, compiled as there."""

import minicnn as keras


def model(input_shape: tuple[int, int, int], classes: int) -> keras.Sequential:
    layers = keras.layers
    network = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255)], name="tutorial")
    for filters in (16, 32, 64):
        network.add(layers.Conv2D(filters, 3, activation="relu"))
        network.add(layers.MaxPooling2D())
    network.add(layers.Flatten())
    network.add(layers.Dense(512, activation="relu"))
    network.add(layers.Dense(1, activation="sigmoid"))
    network.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return network

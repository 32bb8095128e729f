"""Train a classifier of micrographs from a folder with one sub-folder of images a class.

Plasmodium falciparum, Sars-CoV-2, Vibrio cholerae: three classes, a few hundred images of every size and kind. With
Keras, only the import line differs (and the model's name, which has to end in .keras).

Run it: python examples/micrographs/train.py FOLDER [--epochs 20] [--steps 1000] [--model micrographs.safetensors]
"""

import argparse
import json
from pathlib import Path

import minicnn as keras

layers = keras.layers
ImageDataGenerator = keras.preprocessing.image.ImageDataGenerator

parser = argparse.ArgumentParser(description="Train a classifier of micrographs.")
parser.add_argument("folder", help="holds one sub-folder of images a class")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--steps", type=int, default=1000, help="batches of 32 images in an epoch")
parser.add_argument("--validation", type=float, default=0.2, help="fraction of the images not to train on")
parser.add_argument("--model", default="micrographs.safetensors", help="file to write")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

keras.utils.set_random_seed(options.seed)
size = {"target_size": (100, 100), "batch_size": 32}
changed = ImageDataGenerator(
    rescale=1 / 255, shear_range=0.3, zoom_range=0.3, horizontal_flip=True, validation_split=options.validation
)
unchanged = ImageDataGenerator(rescale=1 / 255, validation_split=options.validation)
training = changed.flow_from_directory(options.folder, **size, subset="training", seed=options.seed)
validation = unchanged.flow_from_directory(options.folder, **size, subset="validation", shuffle=False)


def endless(images):
    """Batches without end, so that an epoch is as many steps as wanted, however few the images are."""
    while True:
        yield next(images)


model = keras.Sequential([keras.Input((100, 100, 3))])
for filters, kernel_size in [(32, 3), *[(64, 2)] * 5]:
    model.add(layers.Conv2D(filters, kernel_size, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(256, activation="relu"))
model.add(layers.Dropout(0.5))
model.add(layers.Dense(training.num_classes, activation="softmax"))
model.summary()

model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(endless(training), steps_per_epoch=options.steps, epochs=options.epochs, validation_data=validation)

loss, accuracy = model.evaluate(validation)
print(f"validation loss {loss:.4f}, validation accuracy {accuracy:.1%}")
model.save(options.model)
Path(options.model).with_suffix(".json").write_text(json.dumps(list(training.class_indices)))

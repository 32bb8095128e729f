"""Say what a micrograph shows, with the model that train.py has saved; with Keras, only the import line differs.

Run it: python examples/micrographs/predict.py IMAGE... [--model micrographs.safetensors]
"""

import argparse
import json
from pathlib import Path

import numpy as np

import minicnn as keras

parser = argparse.ArgumentParser(description="Classify micrographs.")
parser.add_argument("images", nargs="+", help="image files")
parser.add_argument("--model", default="micrographs.safetensors", help="file that train.py has written")
options = parser.parse_args()

model = keras.models.load_model(options.model)
class_names = json.loads(Path(options.model).with_suffix(".json").read_text())

for path in options.images:
    image = keras.utils.load_img(path, target_size=(100, 100))
    pixels = keras.utils.img_to_array(image) / 255
    probabilities = model.predict(np.stack([pixels]), verbose=0)[0]
    best = probabilities.argmax()
    print(f"{path}: {class_names[best]} ({probabilities[best]:.1%})")

"""Train, test, save and use a digit classifier; with Keras, only the first import would differ.

Run it: python examples/train_digits.py [EPOCHS]
"""

import sys

import minicnn as keras
from minicnn.datasets import digits

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 5

keras.utils.set_random_seed(0)
(x_train, y_train), (x_test, y_test) = digits.load_data()

model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True)
model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_split=0.1, callbacks=[stop])

loss, accuracy = model.evaluate(x_test, y_test)
print(f"test loss {loss:.4f}, test accuracy {accuracy:.1%}")

model.save("train_digits.safetensors")
restored = keras.models.load_model("train_digits.safetensors")
probabilities = restored.predict(x_test[:1])[0]
print(f"a test image of a {y_test[0]} is a {probabilities.argmax()} to the saved model, {probabilities.max():.0%} sure")

"""A convolution window by window, and a cross-entropy term by term, by hand and by the engine.

Run it: python examples/convolution_by_hand.py
"""

import math

import numpy as np

from minicnn import Tensor, ops

IMAGE = [
    [1, 1, 1, 0, 0],
    [0, 1, 1, 1, 0],
    [0, 0, 1, 1, 1],
    [0, 0, 1, 1, 0],
    [0, 1, 1, 0, 0],
]
KERNEL = [
    [1, 0, 1],
    [0, 1, 0],
    [1, 0, 1],
]


def convolve(image: list[list[int]], kernel: list[list[int]]) -> list[list[int]]:
    """Slide the kernel over the image: at each place multiply what lies on each other and add it up."""
    places = range(len(image) - len(kernel) + 1)
    return [[window_sum(image, kernel, row, column) for column in places] for row in places]


def window_sum(image: list[list[int]], kernel: list[list[int]], row: int, column: int) -> int:
    """One number of the result, printed with its window; pixels under a 0 of the kernel are in brackets."""
    total = 0
    print(f"\nWindow at row {row}, column {column}")
    for r, weights in enumerate(kernel):
        pixels = image[row + r][column : column + len(weights)]
        total += sum(pixel * weight for pixel, weight in zip(pixels, weights))
        print("   " + " ".join(f" {pixel} " if weight else f"({pixel})" for pixel, weight in zip(pixels, weights)))
    print(f"   sum {total}")
    return total


print("Convolution of a 5×5 image with the 3×3 kernel 101/010/101")
by_hand = convolve(IMAGE, KERNEL)
print("\nThe feature map")
print("\n".join("   " + " ".join(map(str, row)) for row in by_hand))

x = np.array(IMAGE, np.float32).reshape(1, 5, 5, 1)  # (N, H, W, C)
w = np.array(KERNEL, np.float32).reshape(3, 3, 1, 1)  # (R, S, C, K)
engine = ops.conv2d(Tensor(x), Tensor(w)).numpy()[0, :, :, 0]
assert (engine == by_hand).all(), engine
print("The engine finds the same.")

target, probabilities = (0, 1, 0), (0.228, 0.619, 0.153)
print(f"\nCross-entropy of the target {target} and the prediction {probabilities}: −Σ t·log p")
terms = [-t * math.log(p) for t, p in zip(target, probabilities)]
for t, p, term in zip(target, probabilities, terms):
    print(f"   −{t}·log {p} = {abs(term):.4f}")
print(f"   sum {sum(terms):.4f}")

# the engine takes logits; the softmax of log p is p again
logits = Tensor(np.log([probabilities]))
loss = ops.softmax_cross_entropy(logits, np.array([target])).item()
assert math.isclose(loss, sum(terms), rel_tol=1e-6), loss
print(f"The engine finds {loss:.4f}.")

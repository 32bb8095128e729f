"""Backpropagation on a toy graph, by hand and by the engine.

    x1 = x·w        x2 = x1 + b        L = |target − x2|        with x = 2, w = 3, b = 1, target = 4

Run it: python examples/backprop_by_hand.py
"""

from minicnn import Tensor

x = Tensor(2.0, requires_grad=True)
w = Tensor(3.0, requires_grad=True)
b = Tensor(1.0, requires_grad=True)
target = 4.0

x1 = x * w
x2 = x1 + b
loss = abs(target - x2)
loss.backward()


def step(what: str, by_hand: float, engine: float) -> None:
    """One line of the derivation; both ways must agree."""
    assert by_hand == engine, f"{what}: {by_hand} by hand, {engine} by the engine"
    print(f"  {what:42} {by_hand:7g} {engine:8g}")


print(f"{'Forward':44} by hand   engine")
step("x1 = x·w = 2·3", 6, x1.item())
step("x2 = x1 + b = 6 + 1", 7, x2.item())
step("L  = |4 − x2| = |4 − 7|", 3, loss.item())

# the chain rule, from the loss back: each gradient is the one before it times the derivative of one step
print("\nBackward")
step("dL/dx2 = 1, as x2 lies above the target", 1, x2.grad.item())
step("dL/dx1 = dL/dx2 · dx2/dx1 = 1·1", 1, x1.grad.item())
step("dL/db  = dL/dx2 · dx2/db  = 1·1", 1, b.grad.item())
step("dL/dw  = dL/dx1 · dx1/dw  = 1·x = 1·2", 2, w.grad.item())
step("dL/dx  = dL/dx1 · dx1/dx  = 1·w = 1·3", 3, x.grad.item())

# what a gradient is good for: a small step against it makes the loss smaller
rate = 0.1
new_w, new_b = 3 - rate * 2, 1 - rate * 1
print(f"\nOne step of gradient descent, rate {rate}: w = {new_w:g}, b = {new_b:g}")
print(f"  the loss falls from 3 to |4 − (2·{new_w:g} + {new_b:g})| = {abs(4 - (2 * new_w + new_b)):g}")

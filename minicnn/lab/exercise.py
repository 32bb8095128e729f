"""Scripts in which a bug is at work, for students to find it."""

import inspect

from .bug import Bug
from .bugs import SUBJECTS, number_of

LEVELS = {
    1: "gradcheck on the right operation shows it",
    2: "gradcheck shows it, for some options or inputs only",
    3: "every single gradient is right, and yet",
}


def exercise(bug: Bug) -> str:
    """A script that trains a small network with and without the bug, and has a tool to find it with.

    >>> from minicnn import lab
    >>> exercise(lab.find(1)).splitlines()[0].strip('"')
    'Find the bug, number 1 (arithmetic).'
    """
    return _SCRIPT.format(
        number=number_of(bug),
        subject=bug.subject,
        task=_TASKS[bug.level],
        model=inspect.getsource(SUBJECTS[bug.subject].model).rstrip(),
    )


_TASKS = {
    1: "One of the operations has a wrong gradient. Which one, and what is wrong with it?",
    2: (
        "One of the operations has a wrong gradient, but only for some options or inputs: strides, padding, shapes\n"
        "that broadcast, more than one sample, … Which one, and when?"
    ),
    3: (
        "Every operation has the gradient that belongs to what it computes. Something else is wrong: what it\n"
        "computes, how operations work together, or what is done with the gradients. Work small cases out by hand."
    ),
}

_SCRIPT = '''\
"""Find the bug, number {number} ({subject}).

While this script trains for the second time, one line of minicnn is wrong. The loss falls all the same, as a rule:
that is why such bugs live long.

{task}

    python bug_{number}.py                   run it, change it, run it again
    minicnn lab bugs {number} --hint         where to look
    minicnn lab bugs {number} --solution     the line, and a check that catches it
"""

import numpy as np

import minicnn as mc
from minicnn import GradientError, Tensor, gradcheck, lab, layers, losses, metrics, ops, optimizers, regularizers
from minicnn.datasets import digits

mc.device("portable")  # plain NumPy, which is also what gradcheck computes with


{model}


def train():
    mc.utils.set_random_seed(0)
    (images, labels), _ = digits.load_data()
    x, y = images[:300, ::2, ::2, None] / np.float32(255), labels[:300]
    return model().fit(x, y, epochs=8, verbose=0, validation_split=0.2).history


right = train()
lab.plant({number})  # from here on the bug is there
wrong = train()

print("                 first → last epoch       with the bug")
for name in right:
    print(f"{{name:14}}" + "".join(f"{{h[name][0]:13.4f}} →{{h[name][-1]:7.4f}}" for h in (right, wrong)))
if right == wrong:
    print("Not a digit differs: this network never comes to the wrong line. You can.")
print()


# ---------------------------------------------------------------------------------------------- your turn
#
# gradcheck(f, a, b, …) compares the gradients that backward() gives with slopes measured by moving a, b, … a little.
# It is silent when all agree. When not, it says
#
#     wrong gradient for input 1 (w, shape (3, 4)): worst at index (0, 2), where backward() gives 0.5 and
#     finite differences give 1, off by 0.5; 12 of 12 elements looked at are wrong
#
# * Which input?     Each has a formula of its own.
# * Which elements?  All: the formula, or a lost factor. A border: padding. Those of one sample: the batch axis.
#                    Those below 0: a corner. Those that are used twice: an assignment where a sum belongs.
# * Which ratio?     ½, the batch size, the size of a window: a factor lost or put in twice. −1: a sign.
#                    None at all: an index, an axis, or another array than meant.
#
# Measured slopes belong to the function as it is: if the function is wrong and its gradient right, they disagree too.


def suspect(name, f, *inputs):
    """Is the gradient of f right at these inputs?"""
    try:
        gradcheck(f, *inputs)
    except GradientError as error:
        print(f"{{name}}: {{error}}")
    else:
        print(f"{{name}}: right")


rng = np.random.default_rng(0)
suspect("negative", ops.negative, rng.normal(size=(3, 4)))
# suspect("dense", ops.dense, rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4))
# suspect("conv2d", lambda x, w: ops.conv2d(x, w, padding="same"), …)
'''

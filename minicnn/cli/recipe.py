"""How `minicnn train` trains. Chosen by cross-validation within the 4,000 training images, never by the test images."""

from ..data import Batches, RandomAffine
from ..datasets import digits
from ..models import Sequential
from ..optimizers import Adam
from ..optimizers.schedules import CosineDecay
from ..zoo import lenet

#: slanted, off-centre, small and large digits for free; more than this and a 6 becomes a 9
AUGMENTATION = RandomAffine(rotation=10, shift=0.1, zoom=0.1)

#: the part of all steps in which the learning rate rises: Adam's first estimates are poor
WARMUP = 0.05


def training_batches(batch_size: int) -> Batches:
    """The 4,000 training digits, shuffled and augmented anew every epoch."""
    (images, labels), _ = digits.load_data()
    pixels = images[..., None].astype("float32")
    return Batches((pixels, labels), batch_size, shuffle=True, augment=AUGMENTATION)


def compiled_lenet(steps: int, learning_rate: float) -> Sequential:
    """The network, ready for so many steps with a rate that rises to `learning_rate` and falls to 0 as a cosine."""
    model = lenet(classes=len(digits.CLASS_NAMES))
    model.class_names = digits.CLASS_NAMES
    warmup = int(WARMUP * steps)
    schedule = CosineDecay(0.0, steps - warmup, warmup_target=learning_rate, warmup_steps=warmup)
    model.compile(optimizer=Adam(schedule), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

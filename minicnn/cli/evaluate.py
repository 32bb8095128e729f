"""`minicnn evaluate`: how good is a model on the built-in test images?"""

from typing import TYPE_CHECKING, Any

from .errors import CommandError, told_to_user
from .options import Device, Json, ModelFile, Threads, choose_device, open_model
from .output import or_none, results

if TYPE_CHECKING:
    from rich.console import Console


def evaluate(model_file: ModelFile, device: Device = None, threads: Threads = None, as_json: Json = False) -> None:
    """Test a model on the 1,000 built-in digits that training never sees.

    Prints loss, accuracy, the confusion matrix and the recall of each class.

    **Examples**

    ```
    minicnn evaluate digits.safetensors
    minicnn evaluate digits.safetensors --json | python -m json.tool
    ```
    """
    from rich.console import Console

    with results(as_json) as found:
        found["device"] = choose_device(device, threads)
        with told_to_user(ValueError):
            tested = on_digits(open_model(model_file))
        found |= {"model": str(model_file), **tested.numbers()}
        tested.show(Console(highlight=False))


class Tested:
    """A model's results on test images: numbers for machines, tables for people."""

    def __init__(self, loss: float, report: Any):
        self.loss, self.report = loss, report

    def numbers(self) -> dict[str, Any]:
        return {
            "test_samples": int(self.report.support.sum()),
            "test_loss": self.loss,
            "test_accuracy": self.report.accuracy,
            "recall": {n: or_none(r) for n, r in zip(self.report.class_names, self.report.recall)},
            "confusion_matrix": self.report.confusion.tolist(),
        }

    def headline(self) -> str:
        right, of = self.report.correct.sum(), self.report.support.sum()
        return f"Test accuracy [bold green]{self.report.accuracy:.1%}[/] ({right} of {of:,}), loss {self.loss:.4f}"

    def show(self, console: "Console") -> None:
        from .tables import report_tables

        console.print(self.headline())
        console.print()
        console.print(report_tables(self.report))
        if worst := self.report.most_confused():
            console.print("\nMost frequent mistake: a {} taken for a {} ({} of them)".format(*worst))


def on_digits(model: Any) -> Tested:
    """Test a model on the built-in digits. Raises ValueError when it does not fit them."""
    from ..classify import cross_entropy, image_shape, probabilities
    from ..datasets import digits
    from ..report import ClassificationReport

    _, (images, labels) = digits.load_data()
    if image_shape(model) != (28, 28, 1):
        raise CommandError(f"the digits are (28, 28, 1), but the model takes images {image_shape(model)}")
    p = probabilities(model, images[..., None].astype("float32"))
    if p.shape[1] != len(digits.CLASS_NAMES):
        raise CommandError(f"there are 10 digits, but the model knows {p.shape[1]} classes")
    report = ClassificationReport.of(labels, p.argmax(axis=1), digits.CLASS_NAMES)
    return Tested(cross_entropy(p, labels), report)

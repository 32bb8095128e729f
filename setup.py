"""Package definition; `kernels/` stands at the top of the repository and installs as `minicnn.kernels`."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent

setup(
    name="minicnn",
    version="0.1.0",
    description="A convolutional-network engine written from scratch on NumPy, with every gradient in view",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    package_dir={"minicnn.kernels": "kernels"},
    packages=[
        *find_packages(include=["minicnn", "minicnn.*"]),
        "minicnn.kernels",
        *(f"minicnn.kernels.{name}" for name in find_packages("kernels")),
    ],
    package_data={
        "minicnn": ["py.typed", "datasets/*.npz", "datasets/*.txt", "run/*.html"],
        "minicnn.kernels.gpu": ["*.cu", "*.cuh"],
    },
    install_requires=[
        "numpy>=2.0",
        "numba>=0.61",  # the compiled CPU kernels
        "pillow>=10",  # reading images
        "safetensors>=0.4",  # model files
        "typer>=0.12",  # the command line
        "rich>=13",  # progress and tables in the terminal
    ],
    extras_require={
        "gpu-cuda13": ["cupy-cuda13x>=14", "nvidia-cuda-nvrtc>=13,<14"],  # NVIDIA GPUs, by the driver's CUDA version
        "gpu-cuda12": ["cupy-cuda12x>=14", "nvidia-cuda-nvrtc-cu12>=12.8,<13"],
        "report": ["matplotlib>=3.8", "jinja2>=3"],  # the pictures and the HTML report of a run
        "verify": ["hypothesis>=6"],  # `minicnn verify` draws and shrinks cases with it
        "tensorboard": ["tensorboardX>=2.6.5"],  # callbacks.TensorBoard
        "test": ["pytest>=8", "hypothesis>=6", "matplotlib>=3.8", "jinja2>=3", "tensorboardX>=2.6.5"],
        "mutation": ["mutmut>=3.8"],  # its changes, not its runner: tests/mutation.py
        "benchmarks": [  # those that benchmarks/cpu_vs_tensorflow.py compares with
            *("tensorflow-cpu", "torch==2.13.0", "onnxruntime", "openvino", "onnx", "matplotlib>=3.8"),
        ],
        "dev": ["ruff>=0.8", "mypy>=1.13"],
    },
    entry_points={"console_scripts": ["minicnn = minicnn.cli:main"]},
)

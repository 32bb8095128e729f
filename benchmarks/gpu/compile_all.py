"""Fill the cache of machine code for this machine's GPU, on all cores: python benchmarks/gpu/compile_all.py [sm_90]"""

import sys
from concurrent.futures import ProcessPoolExecutor

from minicnn.kernels import gpu
from minicnn.kernels.gpu.compile import compile_source
from minicnn.kernels.gpu.launch import KERNELS

assert gpu  # which declares all kernels


def main(architecture: str | None = None) -> None:
    if architecture is None:
        import cupy

        architecture = f"sm_{cupy.cuda.Device(0).compute_capability}"
    with ProcessPoolExecutor() as pool:
        list(pool.map(compile_source, KERNELS, [architecture] * len(KERNELS)))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""minicnn: `python -m peers.minicnn THREADS [exact]`."""

import sys

import minicnn
from peers.by_fit import Fit, repeated
from peers.worker import serve

if __name__ == "__main__":
    threads, *precision = sys.argv[1:]
    minicnn.config.set_num_threads(int(threads))
    if precision:
        minicnn.config.set_precision(*precision)
    serve(Fit(minicnn, repeated))

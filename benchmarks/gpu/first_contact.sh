#!/usr/bin/env bash
# Everything about the GPU that could not be done without one, in less than nine minutes:
#
#   pip install -e ".[test,gpu-cuda13]" && benchmarks/gpu/first_contact.sh [FOLDER]
#
# The instructions against their definitions, all kernel tests and plans on the GPU, each kernel twice for equal bits; the
# sanitizer; every kernel beside the least time it can take; training steps beside PyTorch's and the processor's; losses
# of a real training beside the processor's. What fails does not keep the rest from running. Writes FOLDER/gpu.json and
# FOLDER/gpu.md (benchmarks/results unless another folder is named), and logs beside them.
set -uo pipefail
cd "$(dirname "$0")/../.."
out=$(mkdir -p "${1:-benchmarks/results}" && cd "${1:-benchmarks/results}" && pwd)
here=benchmarks/gpu
export PYTHON=${PYTHON:-python} PYTHONUNBUFFERED=1 MINICNN_REQUIRE_GPU=1
mkdir -p "$out/gpu"
rm -f "$out/gpu"/*

part() { # NAME SECONDS COMMAND…
    local name=$1 most=$2 start=$SECONDS status
    shift 2
    echo "== $name (at most $most s)"
    timeout "$most" "$@" >"$out/gpu/$name.log" 2>&1
    status=$?
    tail -n 3 "$out/gpu/$name.log"
    printf '{"name": "%s", "status": %d, "seconds": %d, "limit": %d}\n' \
        "$name" "$status" $((SECONDS - start)) "$most" >>"$out/gpu/parts.jsonl"
}

part compile 80 $PYTHON $here/compile_all.py
part primitives 20 $PYTHON -m pytest -q -m gpu tests/emulator
part steps 120 $PYTHON $here/steps.py "$out/gpu/steps.json"
part roofline 50 $PYTHON $here/roofline.py "$out/gpu/roofline.json"
part curves 40 $PYTHON $here/curves.py "$out/gpu/curves.json"
part kernels 130 $PYTHON -m pytest -q -m gpu tests --deselect tests/emulator
part sanitizer 90 $here/sanitizer.sh 22
$PYTHON $here/report.py "$out"

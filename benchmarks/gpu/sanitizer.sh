#!/usr/bin/env bash
# NVIDIA's compute-sanitizer over small training steps: memory, races in shared memory, barriers, unwritten memory.
#
#   benchmarks/gpu/sanitizer.sh [SECONDS for each tool]
set -uo pipefail
cd "$(dirname "$0")/../.."

command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not here: it comes with the CUDA toolkit"; exit 1; }
export CUPY_CACHE_IN_MEMORY=1
status=0
for tool in memcheck racecheck synccheck initcheck; do
    echo "== $tool"
    timeout "${1:-300}" compute-sanitizer --tool "$tool" --error-exitcode 9 --print-limit 20 \
        "${PYTHON:-python}" benchmarks/gpu/small_steps.py tf32 float32 || { echo "$tool: status $?"; status=1; }
done
exit $status

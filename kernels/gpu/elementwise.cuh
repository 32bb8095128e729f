// One result for each number: every thread computes some of them, as far apart as there are threads.
#pragma once

template <class F>
__device__ __forceinline__ void each(int n, F f) {
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        f(i);
}

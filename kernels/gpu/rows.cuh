// Rows of numbers: a warp computes what belongs to one of them, its lanes side by side, always in the same order.
#pragma once

constexpr int WARP = 32;

template <class F>
__device__ __forceinline__ float over_lanes(float value, F combine) {
    for (int bits = WARP / 2; bits > 0; bits /= 2) value = combine(value, __shfl_xor_sync(~0u, value, bits));
    return value;  // the same in every lane
}

struct Row {
    int start, end;  // of its numbers

    template <class F>
    __device__ __forceinline__ void each(F f) const {
        for (int i = start + threadIdx.x; i < end; i += WARP) f(i);
    }
    template <class F>
    __device__ __forceinline__ float sum(F f) const {
        float sum = 0;
        each([&](int i) { sum += f(i); });
        return over_lanes(sum, [](float a, float b) { return a + b; });
    }
    // NaN if any is NaN.
    template <class F>
    __device__ __forceinline__ float max(F f) const {
        float largest = __int_as_float(0xff800000);  // −∞
        auto larger = [](float a, float b) { return a > b || a != a ? a : b; };
        each([&](int i) { largest = larger(f(i), largest); });
        return over_lanes(largest, larger);
    }
};

// Blocks of (32, rows at a time) threads.
template <class F>
__device__ __forceinline__ void each_row(int rows, int length, F f) {
    for (int row = blockIdx.x * blockDim.y + threadIdx.y; row < rows; row += gridDim.x * blockDim.y)
        f(Row{row * length, (row + 1) * length});
}

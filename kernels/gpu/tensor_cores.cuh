// Sums of products on tensor cores, which round what they multiply to TF32: 10 bits of mantissa.
//
// In one term, x·w ≈ x̂·ŵ with x̂ = TF32(x). In three, x·w ≈ x̂·ŵ + (x − x̂)·ŵ + x̂·(w − ŵ): what is missing,
// (x − x̂)·(w − ŵ), is 2⁻²² of it at most.
// Source: Ootomo & Yokota, "Recovering single precision accuracy from Tensor Cores" (2022).
#pragma once
#include <primitives.cuh>

// What a lane holds of a matrix, in as many terms.
template <int TERMS, int N>
struct Fragment {
    unsigned high[N], low[N];  // low only in three terms

    __device__ __forceinline__ void set(int i, float value) {
        high[i] = to_tf32(value);
        if constexpr (TERMS == 3) low[i] = to_tf32(value - __uint_as_float(high[i] & 0xffffe000u));
    }
};

// sums += a·b; of three terms the small ones go to `rests`, which may be the sums themselves. Each term goes over all
// sums before the next one does, for a sum that was just added to is not soon ready again.
template <int TERMS, int M, int N>
__device__ __forceinline__ void multiply_add(float (&sums)[M][N][4], float (&rests)[M][N][4],
                                             const Fragment<TERMS, 4> (&a)[M], const Fragment<TERMS, 2> (&b)[N]) {
    if constexpr (TERMS == 3) {
#pragma unroll
        for (int i = 0; i < M * N; i++) mma_tf32(rests[i / N][i % N], a[i / N].low, b[i % N].high);
#pragma unroll
        for (int i = 0; i < M * N; i++) mma_tf32(rests[i / N][i % N], a[i / N].high, b[i % N].low);
    }
#pragma unroll
    for (int i = 0; i < M * N; i++) mma_tf32(sums[i / N][i % N], a[i / N].high, b[i % N].high);
}

// Four numbers of a row to shared memory, with zeros beyond its end. If rows are of whole fours, so that 16 bytes lie
// together, it is a copy that has to be waited for.
__device__ __forceinline__ void copy_four(float* to, const float* row, int i, int length, bool present) {
    if (length % 4 == 0) return copy_async(to, present && i < length ? row + i : row, present && i < length);
#pragma unroll
    for (int j = 0; j < 4; j++) to[j] = present && i + j < length ? __ldg(row + i + j) : 0;
}

// Images (N, H, W, C) with zeros around them.
struct Images {
    const float* numbers;
    int height, width, channels;

    __device__ __forceinline__ bool inside(int h, int v) const { return 0 <= h && h < height && 0 <= v && v < width; }
    __device__ __forceinline__ int place(int n, int h, int v, int c) const {
        return ((n * height + h) * width + v) * channels + c;
    }
    __device__ __forceinline__ float at(int n, int h, int v, int c) const { return __ldg(numbers + place(n, h, v, c)); }

    // Four channels to shared memory.
    __device__ __forceinline__ void copy(float* to, int n, int h, int v, int c) const {
        const bool present = inside(h, v);
        copy_four(to, numbers + (present ? place(n, h, v, 0) : 0), c, channels, present);
    }
};

// Gradients in front of a 2×2 max-pooling: those behind it at the pixels that the codes name, zeros elsewhere. The
// channels are a multiple of 4.
struct Unpooled {
    const float* behind;
    const unsigned char* code;
    int height, width, channels;  // in front

    __device__ __forceinline__ bool inside(int h, int v) const { return 0 <= h && h < height && 0 <= v && v < width; }
    __device__ __forceinline__ bool pooled(int h, int v) const {  // an odd last row or column is not
        return 0 <= h && h < height / 2 * 2 && 0 <= v && v < width / 2 * 2;
    }
    __device__ __forceinline__ int place(int n, int h, int v, int c) const {  // behind the pooling
        return ((n * (height / 2) + h / 2) * (width / 2) + v / 2) * channels + c;
    }
    __device__ __forceinline__ float at(int n, int h, int v, int c) const {
        if (!pooled(h, v) || code[place(n, h, v, c)] != h % 2 * 2 + v % 2) return 0;
        return __ldg(behind + place(n, h, v, c));
    }
    __device__ __forceinline__ void copy(float* to, int n, int h, int v, int c) const {
        float4 here = make_float4(0, 0, 0, 0);
        if (pooled(h, v) && c < channels) {
            const int from = place(n, h, v, c), pixel = h % 2 * 2 + v % 2;
            const float4 all = __ldg(reinterpret_cast<const float4*>(behind + from));
            const uchar4 codes = __ldg(reinterpret_cast<const uchar4*>(code + from));
            here = make_float4(codes.x == pixel ? all.x : 0, codes.y == pixel ? all.y : 0,
                               codes.z == pixel ? all.z : 0, codes.w == pixel ? all.w : 0);
        }
        *reinterpret_cast<float4*>(to) = here;
    }
};

// A convolution with 3×3 windows and no stride. Of an input gradient, the images are the gradients of the outputs, and
// the filters the channels of the inputs.
struct Window {
    int height, width, channels;  // of the images
    int rows, columns, filters;   // of the outputs
    int top, left;                // pads
};

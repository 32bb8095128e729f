// Windows that slide over images, for a convolution and for its gradients.
#pragma once
#include <division.cuh>
#include <gemm.cuh>

// Takes n apart: leaves n / by in it, and gives the rest.
__device__ __forceinline__ int rest(int& n, Divisor by) {
    int whole = by.quotient(n), rest = n - whole * by.divisor;
    n = whole;
    return rest;
}

// One axis: tap t of position p reads pixel start + p·step + t·reach, which may be beyond the image.
//
//     convolution     start = −π               step = σ    reach = δ
//     input gradient  start = (a + π − t₀·δ)/σ  step = 1    reach = −δ/gcd(σ, δ)
//
// The input gradient is a convolution for each phase a: the pixels a, a + σ, a + 2σ …, which are read through every
// σ/gcd(σ, δ)-th tap from t₀ on.
struct Axis {
    int size;  // of the images that are read
    int start, step, reach;
    int taps;
    Divisor by_positions, by_taps;  // how many there are
    int first_position, position_step;  // where position p is among the results: first + p·step
    int first_tap, tap_step;            // where tap t is in the window

    __device__ __forceinline__ int pixel(int position, int tap) const { return start + position * step + tap * reach; }
    __device__ __forceinline__ bool has(int pixel) const { return pixel >= 0 && pixel < size; }
    __device__ __forceinline__ int result(int position) const { return first_position + position * position_step; }
    __device__ __forceinline__ int weight(int tap) const { return first_tap + tap * tap_step; }
};

constexpr int MOST_PHASES = 4;  // along an axis, in one launch

// What is read and what is written: `inputs` are the channels of the images that are read, `outputs` those of results.
struct Convolution {
    Axis rows[MOST_PHASES], columns[MOST_PHASES];
    int column_phases;
    int images;
    Divisor inputs, all_inputs;    // of a group, and of all
    Divisor outputs, all_outputs;
    int height, width;             // of the results
    int window_columns;            // S
    int parts, part;               // of the depth: how many, and how deep
    int read_vectors, other_vectors, write_vectors;  // whether 16 bytes can be read of images, of B, and written
};

// Pixels by position (image, row, column) and tap (row, column, channel of the group). Where the window goes beyond the
// image they are 0; or NOTHING, if these are not part of the sums.
template <bool PADDING_IS_NOTHING>
struct Windows {
    static constexpr bool ALONG_DEPTH = true;
    const float* __restrict__ images;  // from the group's first channel on
    const Axis &rows, &columns;
    Divisor channels;  // of the group
    int all_channels;
    int positions, taps;  // all together
    bool vectors;

    __device__ __forceinline__ float4 four(int position, int tap) const {
        if (static_cast<unsigned>(position) >= static_cast<unsigned>(positions)) return make_float4(0, 0, 0, 0);
        int image = position;
        int q = rest(image, columns.by_positions), p = rest(image, rows.by_positions);
        if (vectors) {
            const float* from = at(image, p, q, tap);
            return from ? present(*reinterpret_cast<const float4*>(from)) : make_float4(zero(), zero(), zero(), zero());
        }
        return make_float4(one(image, p, q, tap), one(image, p, q, tap + 1), one(image, p, q, tap + 2),
                           one(image, p, q, tap + 3));
    }

  private:
    __device__ __forceinline__ const float* at(int image, int p, int q, int tap) const {
        int r = tap, channel = rest(r, channels), s = rest(r, columns.by_taps);
        int h = rows.pixel(p, r), v = columns.pixel(q, s);
        if (tap >= taps || !rows.has(h) || !columns.has(v)) return nullptr;
        return images + static_cast<long long>((image * rows.size + h) * columns.size + v) * all_channels + channel;
    }
    __device__ __forceinline__ float one(int image, int p, int q, int tap) const {
        const float* from = at(image, p, q, tap);
        return from ? present(*from) : zero();
    }
    static __device__ __forceinline__ float zero() { return PADDING_IS_NOTHING ? __uint_as_float(NOTHING) : 0; }
    static __device__ __forceinline__ float present(float x) { return PADDING_IS_NOTHING ? x + 0.0f : x; }
    static __device__ __forceinline__ float4 present(float4 four) {
        return make_float4(present(four.x), present(four.y), present(four.z), present(four.w));
    }
};

// The same the other way round: taps are rows, and the depth are positions.
struct Taps {
    static constexpr bool ALONG_DEPTH = false;
    Windows<false> windows;
    __device__ __forceinline__ float4 four(int tap, int position) const { return windows.four(position, tap); }
};

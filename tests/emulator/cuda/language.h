// What a CUDA source finds without including anything: the words of the language, and its built-in functions.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "races.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(n) alignas(n)
#define __shared__ static_assert(false, "shared memory comes from dynamic_shared<T>(), which the emulator poisons");

#define threadIdx (emulator::current->index)
#define blockIdx (emulator::block_index)
#define blockDim (emulator::block_size)
#define gridDim (emulator::grid_size)

struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(4) uchar4 { unsigned char x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }

using std::max;
using std::min;

template <class To, class From>
To same_bits(From value) {
    static_assert(sizeof(To) == sizeof(From));
    To result;
    memcpy(&result, &value, sizeof result);
    return result;
}
inline float __uint_as_float(unsigned bits) { return same_bits<float>(bits); }
inline unsigned __float_as_uint(float value) { return same_bits<unsigned>(value); }
inline float __int_as_float(int bits) { return same_bits<float>(bits); }
inline int __float_as_int(float value) { return same_bits<int>(value); }
inline float rsqrtf(float value) { return 1 / sqrtf(value); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }

template <class T>
T __ldg(const T* address) { return *address; }

inline void __syncthreads(emulator::Place place = emulator::here()) { emulator::wait_for_block(place); }
inline void __syncwarp(unsigned mask = ~0u, emulator::Place place = emulator::here()) {
    emulator::wait_for_warp(mask, place);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int lane, emulator::Place place = emulator::here()) {
    int parity = emulator::show(mask, value, place);
    return emulator::shown<T>(parity, lane & 31);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, emulator::Place place = emulator::here()) {
    return __shfl_sync(mask, value, emulator::current->lane ^ bits, place);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, int distance, emulator::Place place = emulator::here()) {
    int lane = emulator::current->lane + distance;
    return __shfl_sync(mask, value, lane < 32 ? lane : emulator::current->lane, place);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, emulator::Place place = emulator::here()) {
    int parity = emulator::show(mask, predicate, place);
    unsigned result = 0;
    for (int lane = 0; lane < 32; lane++)
        if (emulator::has_shown(parity, lane) && emulator::shown<int>(parity, lane)) result |= 1u << lane;
    return result;
}

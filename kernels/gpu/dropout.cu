// Inverted dropout, by the very numbers that NumPy's PCG64 gives on the host, each thread computing its own.
//
// The generator's state s has 128 bits. A step is s ← a·s + c, whose result is scrambled to 64 bits for two random
// numbers, the lower half first. k steps at once are another such step (Brown, "Random number generation with arbitrary
// strides", 1994):
//
//     s ← aᵏ·s + c·(1 + a + … + aᵏ⁻¹)
//
// Source: O'Neill, "PCG: A family of simple fast space-efficient statistically good algorithms" (2014), XSL RR.
#include <elementwise.cuh>

using Word = unsigned long long;
using State = unsigned __int128;

__device__ __forceinline__ State joined(Word low, Word high) { return static_cast<State>(high) << 64 | low; }

struct Steps {  // so many at once
    Word power[2], sum[2];  // aᵏ and 1 + a + … + aᵏ⁻¹, the lower half first

    __device__ __forceinline__ State operator()(State state, State c) const {
        return joined(power[0], power[1]) * state + joined(sum[0], sum[1]) * c;
    }
};

constexpr int MOST_BITS = 18;  // of the number of threads

struct Powers {
    Steps two_to[MOST_BITS];  // 1, 2, 4, 8 … steps

    __device__ __forceinline__ State steps(int k, State state, State c) const {
#pragma unroll
        for (int bit = 0; bit < MOST_BITS; bit++)
            if (k >> bit & 1) state = two_to[bit](state, c);
        return state;
    }
};

__device__ __forceinline__ Word scrambled(State state) {
    Word mixed = static_cast<Word>(state >> 64) ^ static_cast<Word>(state);
    int turn = static_cast<int>(state >> 122);
    return mixed >> turn | mixed << (-turn & 63);
}

// y = x / kept where the number, in [0, 1), is at least the rate, else 0, whatever x is there.
__device__ __forceinline__ void choose(int i, unsigned random, const float* x, float* y, bool* keep, float rate, float kept) {
    bool chosen = (random >> 8) * 0x1p-24f >= rate;
    keep[i] = chosen;
    y[i] = chosen ? x[i] / kept : 0;
}

// `generator` is s and c, the lower half first, then how many numbers are left of the last step, 0 or 1, and that one.
// `all` are as many steps as there are threads.
__global__ void dropout(const float* __restrict__ x, const Word* __restrict__ generator, float* __restrict__ y,
                        bool* __restrict__ keep, int n, float rate, float kept, Powers powers, Steps all) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x, threads = gridDim.x * blockDim.x;
    int left = static_cast<int>(generator[4]);
    if (thread == 0 && left) choose(0, static_cast<unsigned>(generator[5]), x, y, keep, rate, kept);

    State c = joined(generator[2], generator[3]);
    State state = powers.steps(thread, powers.two_to[0](joined(generator[0], generator[1]), c), c);
    for (long long i = left + 2LL * thread; i < n; i += 2LL * threads) {
        Word random = scrambled(state);
        choose(i, static_cast<unsigned>(random), x, y, keep, rate, kept);
        if (i + 1 < n) choose(i + 1, static_cast<unsigned>(random >> 32), x, y, keep, rate, kept);
        state = all(state, c);
    }
}

__global__ void dropout_grad(const float* __restrict__ dy, const bool* __restrict__ keep, float* __restrict__ dx, int n,
                             float kept) {
    each(n, [=](int i) { dx[i] = keep[i] ? dy[i] / kept : 0; });
}

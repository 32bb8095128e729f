// Small kernels whose threads need each other. The tests take out of them what makes them right.
#include <primitives.cuh>

constexpr int THREADS = 128, TILE = 4 * THREADS;

// y[b]: the sum of block b's share of x, a power of two of threads.
__global__ void sum(const float* x, float* y, int share) {
    float* part = dynamic_shared<float>();
    float own = 0;
    for (int i = threadIdx.x; i < share; i += blockDim.x) own += x[blockIdx.x * share + i];
    part[threadIdx.x] = own;
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    }
    if (threadIdx.x == 0) y[blockIdx.x] = part[0];
}

// Each warp turns 32 numbers round.
__global__ void reverse(const float* x, float* y) {
    float* tile = dynamic_shared<float>() + threadIdx.x / 32 * 32;
    int lane = threadIdx.x % 32;
    tile[lane] = x[threadIdx.x];
    __syncwarp();
    y[threadIdx.x] = tile[31 - lane];
}

// y = the tiles of x, summed, while the next one is on its way.
__global__ void pipeline(const float* x, float* y, int tiles) {
    float* stages = dynamic_shared<float>();
    auto load = [&](int tile) {
        float* stage = stages + tile % 2 * TILE;
        copy_async(stage + 4 * threadIdx.x, x + tile * TILE + 4 * threadIdx.x, true);
        end_group_of_copies();
    };
    float sums[4] = {};
    load(0);
    for (int tile = 0; tile < tiles; tile++) {
        wait_for_copies<0>();
        __syncthreads();  // the tile is there, and nobody reads the one before any more
        if (tile + 1 < tiles) load(tile + 1);
        for (int i = 0; i < 4; i++) sums[i] += stages[tile % 2 * TILE + i * THREADS + threadIdx.x];
    }
    for (int i = 0; i < 4; i++) y[i * THREADS + threadIdx.x] = sums[i];
}

// y = x (32, 32), through shared memory in which no two rows begin in the same bank.
__global__ void through_swizzled(const float* x, float* y) {
    float* tile = dynamic_shared<float>();
    auto place = [](int row, int column) { return row * 32 + (column ^ row); };
    for (int row = 0; row < 32; row++) tile[place(row, threadIdx.x)] = x[row * 32 + threadIdx.x];
    __syncwarp();
    for (int column = 0; column < 32; column++) y[threadIdx.x * 32 + column] = tile[place(threadIdx.x, column)];
}

// y = x, a block for each 32 numbers of n.
__global__ void pieces(const float* x, float* y, int n) {
    int i = blockIdx.x * 32 + threadIdx.x;
    if (i < n) y[i] = x[i];
}

// y = the sum of a warp's numbers, in every lane.
__global__ void warp_sum(const float* x, float* y) {
    float value = x[threadIdx.x];
    for (int bits = 16; bits > 0; bits /= 2) value += __shfl_xor_sync(~0u, value, bits);
    y[threadIdx.x] = value;
}

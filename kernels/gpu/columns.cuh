// Matrices of rows and channels, by blocks of (lanes, rows at a time) threads: a thread stays with V channels that lie
// side by side, and goes down the rows. So what belongs to a channel is computed once, and no place needs a division.
#pragma once
#include <primitives.cuh>
#include <vectors.cuh>

// The first of this thread's V channels, in the so-manieth block across them.
template <int V>
__device__ __forceinline__ int own_channel(int block) {
    return (block * blockDim.x + threadIdx.x) * V;
}

// f(row) for this thread's rows, of `parts` blocks that share them.
template <class F>
__device__ __forceinline__ void down_rows(int rows, int part, int parts, F f) {
    long long step = static_cast<long long>(parts) * blockDim.y;
    for (long long row = static_cast<long long>(part) * blockDim.y + threadIdx.y; row < rows; row += step)
        f(static_cast<int>(row));
}

// What the threads of a column of the block have, two by two T::together: thread (x, 0) gets the whole. The block needs
// shared memory for a vector of each thread, and a number of rows that is a power of two.
template <class T, int V>
__device__ __forceinline__ Vector<T, V> over_rows(const Vector<T, V>& own) {
    Vector<T, V>* all = dynamic_shared<Vector<T, V>>();
    int place = threadIdx.y * blockDim.x + threadIdx.x;
    all[place] = own;
    for (int half = blockDim.y / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y >= half) continue;
        const Vector<T, V>& other = all[place + half * blockDim.x];
        for (int j = 0; j < V; j++) all[place][j] = T::together(all[place][j], other[j]);
    }
    return all[place];
}

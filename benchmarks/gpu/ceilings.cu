// What a GPU can do at most: read and write, multiply and add, and multiply matrices in TF32.
#include <elementwise.cuh>
#include <primitives.cuh>

__global__ void copy(const float4* __restrict__ x, float4* __restrict__ y, int n) {
    each(n, [=](int i) { y[i] = x[i]; });
}

constexpr int CHAINS = 8;  // of operations that do not wait for each other

__global__ void multiply_add(float* y, int times, float factor) {
    float sums[CHAINS];
    for (int j = 0; j < CHAINS; j++) sums[j] = threadIdx.x + j;
    for (int i = 0; i < times; i++)
#pragma unroll
        for (int j = 0; j < CHAINS; j++) sums[j] = sums[j] * factor + 1;
    float sum = 0;
    for (int j = 0; j < CHAINS; j++) sum += sums[j];
    y[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

__global__ void tensor_cores(float* y, int times) {
    unsigned a[4] = {1, 2, 3, threadIdx.x}, b[2] = {4, threadIdx.x};
    float sums[CHAINS][4] = {};
    for (int i = 0; i < times; i++)
#pragma unroll
        for (int j = 0; j < CHAINS; j++) mma_tf32(sums[j], a, b);
    float sum = 0;
    for (int j = 0; j < CHAINS; j++) sum += sums[j][0] + sums[j][1] + sums[j][2] + sums[j][3];
    y[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

__global__ void nothing() {}

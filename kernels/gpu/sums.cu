// Sums over the rows of a matrix: of the parts of results, and of gradients of a bias.
#include <finish.cuh>
#include <primitives.cuh>

constexpr int LANES = 32, WARPS = 8;  // of a block: columns side by side, and rows at a time

// Blocks: x columns, y rows, so many of a block; each writes a row of sums. There is one bias for each of the last
// `filters` columns, of the next, and so on. The order of a sum depends on the sizes alone.
__global__ void __launch_bounds__(LANES* WARPS)
    column_sums(const float* __restrict__ x, const float* __restrict__ bias, const float* __restrict__ mask,
                float* __restrict__ y, int rows, int columns, int rows_of_block, int filters, int relu) {
    int column = blockIdx.x * LANES + threadIdx.x;
    int first = blockIdx.y * rows_of_block, last = min(first + rows_of_block, rows);
    float sum = 0;
    if (column < columns)
#pragma unroll 8
        for (int row = first + threadIdx.y; row < last; row += WARPS)
            sum += x[static_cast<long long>(row) * columns + column];
    float* sums = dynamic_shared<float>();
    sums[threadIdx.y * LANES + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y || column >= columns) return;
    for (int warp = 1; warp < WARPS; warp++) sum += sums[warp * LANES + threadIdx.x];
    long long place = static_cast<long long>(blockIdx.y) * columns + column;
    y[place] = Finish{bias, mask, relu != 0}(sum, column % filters, place);
}

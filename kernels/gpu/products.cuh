// The product of two matrices, of which a block computes a tile, and of the depth a part.
#pragma once
#include <gemm.cuh>

struct Product {
    int rows, columns, depth;
    int part;                             // of the depth
    int vectors_a, vectors_b, vectors_y;  // whether lines can be read and written by 16 bytes
};

// Sums of products for the tile of this block, and put(row, column, four of them).
template <class T, bool A_ALONG_DEPTH, bool B_ALONG_DEPTH, class F>
__device__ __forceinline__ void each_four_of_product(const float* a, const float* b, const Product& p, F put) {
    Matrix<A_ALONG_DEPTH> of_a = matrix<A_ALONG_DEPTH>(a, p.rows, p.depth, p.vectors_a);
    Matrix<B_ALONG_DEPTH> of_b = matrix<B_ALONG_DEPTH>(b, p.columns, p.depth, p.vectors_b);
    int across = (p.columns + T::COLUMNS - 1) / T::COLUMNS;
    int row = blockIdx.x / across * T::ROWS, column = blockIdx.x % across * T::COLUMNS;
    int from = blockIdx.y * p.part;
    float sums[T::HEIGHT][T::WIDTH];
    multiply<T, false>(sums, of_a, of_b, row, column, from, min(from + p.part, p.depth));
    each_four<T>(sums, row, column, p.rows, p.columns, put);
}

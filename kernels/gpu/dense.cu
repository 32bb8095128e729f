// Products of matrices, for dense layers and their gradients: y = A·B, A (rows, depth) and B (depth, columns).
//
// Blocks: x the tiles, those of the same rows next to each other; y the parts of the depth, whose sums are added
// afterwards (sums.cu).
#include <finish.cuh>
#include <gemm.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

struct Product {
    int rows, columns, depth;
    int part;                             // of the depth
    int vectors_a, vectors_b, vectors_y;  // whether lines can be read and written by 16 bytes
};

// Sums of products for the tile of this block, and put(row, column, four of them).
template <class T, bool A_ALONG_DEPTH, bool B_ALONG_DEPTH, class F>
__device__ __forceinline__ void each_four_of_product(Numbers a, Numbers b, const Product& p, F put) {
    Matrix<A_ALONG_DEPTH> of_a = matrix<A_ALONG_DEPTH>(a, p.rows, p.depth, p.vectors_a);
    Matrix<B_ALONG_DEPTH> of_b = matrix<B_ALONG_DEPTH>(b, p.columns, p.depth, p.vectors_b);
    int across = (p.columns + T::COLUMNS - 1) / T::COLUMNS;
    int row = blockIdx.x / across * T::ROWS, column = blockIdx.x % across * T::COLUMNS;
    int from = blockIdx.y * p.part;
    float sums[T::HEIGHT][T::WIDTH];
    multiply<T, false>(sums, of_a, of_b, row, column, from, min(from + p.part, p.depth));
    each_four<T>(sums, row, column, p.rows, p.columns, put);
}

template <class T, bool A_ALONG_DEPTH, bool B_ALONG_DEPTH>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    product(Numbers a, Numbers b, Numbers bias, Numbers mask, Results y, int relu, Product p) {
    Finish finish{bias, mask, relu != 0};
    long long first = static_cast<long long>(blockIdx.y) * p.rows;
    each_four_of_product<T, A_ALONG_DEPTH, B_ALONG_DEPTH>(a, b, p, [&](int row, int column, float4 four) {
        finish.write(y, (first + row) * p.columns + column, column, p.columns, four, p.vectors_y);
    });
}

// Products of matrices, for dense layers and their gradients: y = A·B, A (rows, depth) and B (depth, columns).
//
// Blocks: x the tiles, those of the same rows next to each other; y the parts of the depth, whose sums are added
// afterwards (sums.cu).
#include <finish.cuh>
#include <products.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

template <class T, bool A_ALONG_DEPTH, bool B_ALONG_DEPTH>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    product(Numbers a, Numbers b, Numbers bias, Numbers mask, Results y, int relu, Product p) {
    Finish finish{bias, mask, relu != 0};
    long long first = static_cast<long long>(blockIdx.y) * p.rows;
    each_four_of_product<T, A_ALONG_DEPTH, B_ALONG_DEPTH>(a, b, p, [&](int row, int column, float4 four) {
        finish.write(y, (first + row) * p.columns + column, column, p.columns, four, p.vectors_y);
    });
}

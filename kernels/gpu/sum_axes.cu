// Sums along the middle one of three axes, in an order that depends on nothing but the shape.
#include <primitives.cuh>

// y[i, k, j] = Σ x[i, d, j] over the k-th stretch of `rows` rows d. The threads of a block stand in `lines` lines, a
// power of two, of `width` columns j, and that for some of the i, so that neighbours read neighbours, whatever the
// shape. Each sums every `lines`-th row, and the lines are added in pairs. In double precision, for the addition of
// millions of numbers leaves few digits of a float; half the speed of floats is still more than memory has.
template <class From, class To>
__global__ void sum(const From* __restrict__ x, To* __restrict__ y, int outer, int length, int inner, int stretches,
                    int rows, int lines, int width) {
    double* sums = dynamic_shared<double>();
    int column = threadIdx.x % width, line = threadIdx.x / width % lines, group = threadIdx.x / width / lines;
    int groups = blockDim.x / width / lines, parts = (inner + width - 1) / width;
    int j = blockIdx.x % parts * width + column, stretch = blockIdx.x / parts % stretches;
    long long i = static_cast<long long>(blockIdx.x / parts / stretches) * groups + group;
    bool present = i < outer && j < inner;

    double sum = 0;
    if (present) {
        int end = min(length, (stretch + 1) * rows);
        const From* column_of_x = x + i * length * inner + j;
        for (int d = stretch * rows + line; d < end; d += lines) sum += column_of_x[static_cast<long long>(d) * inner];
    }
    sums[threadIdx.x] = sum;
    for (int half = lines / 2; half > 0; half /= 2) {
        __syncthreads();
        if (line < half) sums[threadIdx.x] += sums[threadIdx.x + half * width];
    }
    if (present && line == 0) y[(i * stretches + stretch) * inner + j] = static_cast<To>(sums[threadIdx.x]);
}

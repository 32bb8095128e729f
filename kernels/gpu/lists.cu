// Rows of numbers at places that a list names.

// y[k, j] = x[places[k], j].
#include <division.cuh>
#include <elementwise.cuh>

template <class T>
__global__ void take(const T* __restrict__ x, const int* __restrict__ places, T* __restrict__ y, int n, Divisor width) {
    each(n, [=](int i) {
        int k = width.quotient(i), j = i - k * width.divisor;
        y[i] = x[static_cast<long long>(places[k]) * width.divisor + j];
    });
}

// x[places[k], j] = Σ y[sources[s], j] over s from starts[k] on, one after the other: the same bits in every run.
__global__ void sum_at(const float* __restrict__ y, const int* __restrict__ sources, const int* __restrict__ starts,
                       const int* __restrict__ places, float* __restrict__ x, int n, Divisor width) {
    each(n, [=](int i) {
        int k = width.quotient(i), j = i - k * width.divisor;
        float sum = 0;
        for (int s = starts[k]; s < starts[k + 1]; s++) sum += y[static_cast<long long>(sources[s]) * width.divisor + j];
        x[static_cast<long long>(places[k]) * width.divisor + j] = sum;
    });
}

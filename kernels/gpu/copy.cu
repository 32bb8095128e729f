// Copies of arrays that do not lie in row-major order, and zeros.
#include <elementwise.cuh>
#include <strided.cuh>

// The i-th number of x in row-major order becomes that of y, wherever they lie.
template <class T>
__global__ void copy(const T* __restrict__ x, T* __restrict__ y, int n, Strided of_x, Strided of_y) {
    each(n, [=](int i) { y[of_y.place(i)] = x[of_x.place(i)]; });
}

template <class T>
__global__ void clear(T* y, int n) {
    each(n, [=](int i) { y[i] = 0; });
}

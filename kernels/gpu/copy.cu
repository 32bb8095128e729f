// Copies of arrays that do not lie in row-major order.
#include <elementwise.cuh>
#include <strided.cuh>

// y[i] is the i-th number of x in row-major order, wherever that lies.
template <class T>
__global__ void copy(const T* __restrict__ x, T* __restrict__ y, int n, Strided layout) {
    each(n, [=](int i) { y[i] = x[layout.place(i)]; });
}

// The way back: the i-th number of y, wherever that lies, is x[i].
template <class T>
__global__ void copy_back(const T* __restrict__ x, T* __restrict__ y, int n, Strided layout) {
    each(n, [=](int i) { y[layout.place(i)] = x[i]; });
}

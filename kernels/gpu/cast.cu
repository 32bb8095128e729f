// Numbers of one type as those of another, as C++ converts them.
#include <elementwise.cuh>

template <class From, class To>
__global__ void cast(const From* __restrict__ x, To* __restrict__ y, int n) {
    each(n, [=](int i) { y[i] = static_cast<To>(x[i]); });
}

// Elementary operations on each number, or on each pair of numbers of two arrays that are repeated to one shape.
//
// A comparison with NaN is false: NaN has to be what is left where no comparison holds.
#include <elementwise.cuh>
#include <strided.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

__global__ void add(Numbers a, Numbers b, Results y, int n, Strided of_a, Strided of_b) {
    each(n, [=](int i) { y[i] = a[of_a.place(i)] + b[of_b.place(i)]; });
}

__global__ void subtract(Numbers a, Numbers b, Results y, int n, Strided of_a, Strided of_b) {
    each(n, [=](int i) { y[i] = a[of_a.place(i)] - b[of_b.place(i)]; });
}

__global__ void multiply(Numbers a, Numbers b, Results y, int n, Strided of_a, Strided of_b) {
    each(n, [=](int i) { y[i] = a[of_a.place(i)] * b[of_b.place(i)]; });
}

__global__ void divide(Numbers a, Numbers b, Results y, int n, Strided of_a, Strided of_b) {
    each(n, [=](int i) { y[i] = a[of_a.place(i)] / b[of_b.place(i)]; });
}

__global__ void power(Numbers a, Results y, int n, float exponent) {
    each(n, [=](int i) { y[i] = powf(a[i], exponent); });
}

__global__ void square_root(Numbers a, Results y, int n) {
    each(n, [=](int i) { y[i] = sqrtf(a[i]); });
}

__global__ void negative(Numbers a, Results y, int n) {
    each(n, [=](int i) { y[i] = -a[i]; });
}

__global__ void absolute(Numbers a, Results y, int n) {
    each(n, [=](int i) { y[i] = fabsf(a[i]); });
}

__global__ void sign(Numbers a, Results y, int n) {
    each(n, [=](int i) { y[i] = a[i] > 0 ? 1 : a[i] < 0 ? -1 : a[i]; });
}

__global__ void exponential(Numbers a, Results y, int n) {
    each(n, [=](int i) { y[i] = expf(a[i]); });
}

__global__ void logarithm(Numbers a, Results y, int n) {
    each(n, [=](int i) { y[i] = logf(a[i]); });
}

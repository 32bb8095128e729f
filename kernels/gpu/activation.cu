// Activation functions and their gradients, a number or a row at a time.
//
// A comparison with NaN is false: NaN has to be what is left where no comparison holds.
#include <elementwise.cuh>
#include <rows.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

__global__ void relu(Numbers x, Results y, int n) {
    each(n, [=](int i) { y[i] = x[i] < 0 ? 0 : x[i]; });
}

__global__ void relu_grad(Numbers dy, Numbers y, Results dx, int n) {
    each(n, [=](int i) { dx[i] = y[i] > 0 ? dy[i] : y[i] <= 0 ? 0 : y[i]; });
}

__global__ void leaky_relu(Numbers x, Results y, int n, float slope, float threshold) {
    each(n, [=](int i) { y[i] = x[i] >= threshold ? x[i] : slope * (x[i] - threshold); });
}

__global__ void leaky_relu_grad(Numbers dy, Numbers x, Results dx, int n, float slope, float threshold) {
    each(n, [=](int i) { dx[i] = x[i] > threshold ? dy[i] : x[i] <= threshold ? slope * dy[i] : x[i]; });
}

__global__ void clip(Numbers x, Results y, int n, float low, float high) {
    each(n, [=](int i) { y[i] = x[i] < low ? low : x[i] > high ? high : x[i]; });
}

__global__ void clip_grad(Numbers dy, Numbers x, Results dx, int n, float low, float high) {
    each(n, [=](int i) { dx[i] = low <= x[i] && x[i] <= high ? dy[i] : x[i] == x[i] ? 0 : x[i]; });
}

// e^min(x, 0) / (1 + e^−|x|), which is 1 / (1 + e⁻ˣ) for either sign, and no power of e exceeds 1.
__global__ void sigmoid(Numbers x, Results y, int n) {
    each(n, [=](int i) { y[i] = expf(x[i] < 0 ? x[i] : 0) / (1 + expf(-fabsf(x[i]))); });
}

__global__ void sigmoid_grad(Numbers dy, Numbers y, Results dx, int n) {
    each(n, [=](int i) { dx[i] = dy[i] * y[i] * (1 - y[i]); });
}

__global__ void hyperbolic_tangent(Numbers x, Results y, int n) {
    each(n, [=](int i) { y[i] = tanhf(x[i]); });
}

__global__ void tanh_grad(Numbers dy, Numbers y, Results dx, int n) {
    each(n, [=](int i) { dx[i] = dy[i] * (1 - y[i] * y[i]); });
}

__global__ void softmax(Numbers x, Results y, int rows, int length) {
    each_row(rows, length, [=](Row row) {
        float largest = row.max([=](int i) { return x[i]; });
        float sum = row.sum([=](int i) { return expf(x[i] - largest); });
        row.each([=](int i) { y[i] = expf(x[i] - largest) / sum; });
    });
}

__global__ void softmax_grad(Numbers dy, Numbers y, Results dx, int rows, int length) {
    each_row(rows, length, [=](Row row) {
        float sum = row.sum([=](int i) { return dy[i] * y[i]; });
        row.each([=](int i) { dx[i] = y[i] * (dy[i] - sum); });
    });
}

__global__ void log_softmax(Numbers x, Results y, int rows, int length) {
    each_row(rows, length, [=](Row row) {
        float largest = row.max([=](int i) { return x[i]; });
        float log_of_sum = logf(row.sum([=](int i) { return expf(x[i] - largest); }));
        row.each([=](int i) { y[i] = x[i] - largest - log_of_sum; });
    });
}

__global__ void log_softmax_grad(Numbers dy, Numbers y, Results dx, int rows, int length) {
    each_row(rows, length, [=](Row row) {
        float sum = row.sum([=](int i) { return dy[i]; });
        row.each([=](int i) { dx[i] = dy[i] - expf(y[i]) * sum; });
    });
}

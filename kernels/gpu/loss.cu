// Cross-entropies with their gradients: a warp a row of logits, all of it in one launch.
#include <elementwise.cuh>
#include <rows.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

// log p = (z − m) − log Σ e^(z − m), m the row's maximum
struct LogSoftmax {
    float largest, sum, log_of_sum;

    __device__ __forceinline__ LogSoftmax(const Row& row, const float* z) {
        largest = row.max([&](int i) { return z[i]; });
        sum = row.sum([&](int i) { return expf(z[i] - largest); });
        log_of_sum = logf(sum);
    }
    __device__ __forceinline__ float log_p(float z) const { return z - largest - log_of_sum; }
    __device__ __forceinline__ float p(float z) const { return expf(z - largest) / sum; }
};

// L = −Σ t·log p, dz = p·Σt − t; a class with t = 0 adds exactly 0, even where its log p is −∞.
__global__ void softmax_cross_entropy(Numbers z, Numbers t, Results loss, Results dz, int rows, int length) {
    each_row(rows, length, [=](Row row) {
        LogSoftmax softmax(row, z);
        float cross = row.sum([&](int i) { return t[i] != 0 ? t[i] * softmax.log_p(z[i]) : 0; });
        float weight = row.sum([&](int i) { return t[i]; });
        if (threadIdx.x == 0) loss[row.start / length] = -cross;
        row.each([&](int i) { dz[i] = softmax.p(z[i]) * weight - t[i]; });
    });
}

// L[n] = −log p[n, label[n]], dz = p − [k = label]
template <class Label>
__global__ void sparse_softmax_cross_entropy(
    Numbers z, const Label* __restrict__ labels, Results loss, Results dz, int rows, int length
) {
    each_row(rows, length, [=](Row row) {
        LogSoftmax softmax(row, z);
        int n = row.start / length, right = row.start + static_cast<int>(labels[n]);
        if (threadIdx.x == 0) loss[n] = -softmax.log_p(z[right]);
        row.each([&](int i) { dz[i] = softmax.p(z[i]) - (i == right ? 1 : 0); });
    });
}

// L = max(z, 0) − z·t + log(1 + e^−|z|), dz = σ(z) − t; no power of e exceeds 1.
__global__ void sigmoid_cross_entropy(Numbers z, Numbers t, Results loss, Results dz, int n) {
    each(n, [=](int i) {
        float small = expf(-fabsf(z[i]));
        loss[i] = (z[i] <= 0 ? 0 : z[i]) - z[i] * t[i] + log1pf(small);
        dz[i] = (z[i] >= 0 ? 1 : small) / (1 + small) - t[i];
    });
}

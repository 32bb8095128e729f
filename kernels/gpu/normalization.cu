// Batch normalisation: one pass over x for its statistics, one over dy and x for the sums of the gradient, and one that
// writes. Sums over a channel are first those of a thread, then of a block, then of all blocks, each in a fixed order.
#include <columns.cuh>
#include <elementwise.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

// Of some numbers of a channel. Neither a large mean nor a lonely large number costs digits of the variance.
struct Moments {
    double sum;
    float squares;  // of the distances from their mean
    int count;

    // Source: Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for sample variances" (1979).
    static __device__ __forceinline__ Moments together(const Moments& a, const Moments& b) {
        if (a.count == 0 || b.count == 0) return a.count == 0 ? b : a;
        int count = a.count + b.count;
        float gap = b.sum / b.count - a.sum / a.count;
        float weight = static_cast<float>(a.count) * b.count / count;
        return {a.sum + b.sum, a.squares + b.squares + gap * gap * weight, count};
    }
};

template <int V>
__global__ void moments(Numbers x, Moments* __restrict__ parts, int rows, int channels) {
    int channel = own_channel<V>(blockIdx.x), count = 0;
    auto origin = filled<V>(0.0f), sum = origin, squares = origin;
    if (channel < channels)
        down_rows(rows, blockIdx.y, gridDim.y, [&](int row) {
            auto numbers = load<V>(x + row * channels + channel);
            for (int j = 0; j < V; j++) {
                // one of the numbers themselves, unless it is NaN or ∞: so Σd² ≤ count·(Σd² − (Σd)²/count)
                if (count == 0) origin[j] = numbers[j] - numbers[j] == 0 ? numbers[j] : 0;
                float distance = numbers[j] - origin[j];
                sum[j] += distance;
                squares[j] += distance * distance;
            }
            count++;
        });
    auto own = filled<V>(Moments{0, 0, 0});
    if (count > 0)
        for (int j = 0; j < V; j++)
            own[j] = {static_cast<double>(origin[j]) * count + sum[j], squares[j] - sum[j] * sum[j] / count, count};
    own = over_rows(own);
    if (threadIdx.y == 0 && channel < channels) store(parts + blockIdx.y * channels + channel, own);
}

// μ = Σ x / M, v = Σ (x − μ)² / M
__global__ void statistics(const Moments* __restrict__ parts, Results mean, Results variance, int count, int channels) {
    int channel = own_channel<1>(blockIdx.x);
    auto all = filled<1>(Moments{0, 0, 0});
    if (channel < channels)
        down_rows(count, 0, 1, [&](int part) { all[0] = Moments::together(all[0], parts[part * channels + channel]); });
    all = over_rows(all);
    if (threadIdx.y > 0 || channel >= channels) return;
    mean[channel] = all[0].sum / all[0].count;
    variance[channel] = all[0].squares / all[0].count;
}

// y = (x − μ)·γ / √(v + ε) + β
template <int V>
__global__ void normalize(
    Numbers x, Numbers gamma, Numbers beta, Numbers mean, Numbers variance, Results y, int rows, int channels,
    float epsilon
) {
    int channel = own_channel<V>(blockIdx.x);
    if (channel >= channels) return;
    auto center = load<V>(mean + channel), shift = load<V>(beta + channel), scale = load<V>(gamma + channel);
    for (int j = 0; j < V; j++) scale[j] /= sqrtf(variance[channel + j] + epsilon);
    down_rows(rows, blockIdx.y, gridDim.y, [&](int row) {
        int i = row * channels + channel;
        auto numbers = load<V>(x + i);
        for (int j = 0; j < V; j++) numbers[j] = (numbers[j] - center[j]) * scale[j] + shift[j];
        store(y + i, numbers);
    });
}

struct Products {
    float dy, distance;  // Σ dy and Σ dy·(x − μ)

    static __device__ __forceinline__ Products together(const Products& a, const Products& b) {
        return {a.dy + b.dy, a.distance + b.distance};
    }
};

template <int V>
__global__ void products(Numbers dy, Numbers x, Numbers mean, Products* __restrict__ parts, int rows, int channels) {
    int channel = own_channel<V>(blockIdx.x);
    auto own = filled<V>(Products{0, 0});
    if (channel < channels) {
        auto center = load<V>(mean + channel);
        down_rows(rows, blockIdx.y, gridDim.y, [&](int row) {
            int i = row * channels + channel;
            auto gradients = load<V>(dy + i), numbers = load<V>(x + i);
            for (int j = 0; j < V; j++)
                own[j] = Products::together(own[j], {gradients[j], gradients[j] * (numbers[j] - center[j])});
        });
    }
    own = over_rows(own);
    if (threadIdx.y == 0 && channel < channels) store(parts + blockIdx.y * channels + channel, own);
}

// dβ = Σ dy, dγ = Σ dy·x̂
__global__ void parameter_grads(
    const Products* __restrict__ parts, Numbers variance, Results dgamma, Results dbeta, int count, int channels,
    float epsilon
) {
    int channel = own_channel<1>(blockIdx.x);
    auto all = filled<1>(Products{0, 0});
    if (channel < channels)
        down_rows(count, 0, 1, [&](int part) { all[0] = Products::together(all[0], parts[part * channels + channel]); });
    all = over_rows(all);
    if (threadIdx.y > 0 || channel >= channels) return;
    dbeta[channel] = all[0].dy;
    dgamma[channel] = all[0].distance / sqrtf(variance[channel] + epsilon);
}

// dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)
template <int V>
__global__ void input_grad(
    Numbers dy, Numbers x, Numbers gamma, Numbers mean, Numbers variance, Numbers dgamma, Numbers dbeta, Results dx,
    int rows, int channels, float epsilon
) {
    int channel = own_channel<V>(blockIdx.x);
    if (channel >= channels) return;
    auto center = load<V>(mean + channel), scale = load<V>(gamma + channel);
    auto mean_of_dy = load<V>(dbeta + channel), slope = load<V>(dgamma + channel);
    for (int j = 0; j < V; j++) {
        float deviation = sqrtf(variance[channel + j] + epsilon);
        scale[j] /= deviation;
        mean_of_dy[j] /= rows;
        slope[j] /= rows * deviation;
    }
    down_rows(rows, blockIdx.y, gridDim.y, [&](int row) {
        int i = row * channels + channel;
        auto gradients = load<V>(dy + i), numbers = load<V>(x + i);
        for (int j = 0; j < V; j++)
            gradients[j] = scale[j] * (gradients[j] - mean_of_dy[j] - (numbers[j] - center[j]) * slope[j]);
        store(dx + i, gradients);
    });
}

// dx = dy·γ / √(v + ε), where the statistics are constants
template <int V>
__global__ void inference_input_grad(
    Numbers dy, Numbers gamma, Numbers variance, Results dx, int rows, int channels, float epsilon
) {
    int channel = own_channel<V>(blockIdx.x);
    if (channel >= channels) return;
    auto scale = load<V>(gamma + channel);
    for (int j = 0; j < V; j++) scale[j] /= sqrtf(variance[channel + j] + epsilon);
    down_rows(rows, blockIdx.y, gridDim.y, [&](int row) {
        int i = row * channels + channel;
        auto gradients = load<V>(dy + i);
        for (int j = 0; j < V; j++) gradients[j] *= scale[j];
        store(dx + i, gradients);
    });
}

// moving ← momentum·moving + (1 − momentum)·value
__global__ void moving_average(Results moving, Numbers value, int n, float old, float fresh) {
    each(n, [=](int i) { moving[i] = old * moving[i] + fresh * value[i]; });
}

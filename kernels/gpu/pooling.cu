// Pooling and its gradients: a thread computes V channels of a pixel, or of a window. The gradients gather: a pixel
// asks the windows that reach it, always in the same order, so that nothing has to be added atomically.
#include <columns.cuh>
#include <division.cuh>
#include <elementwise.cuh>
#include <vectors.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

__device__ __forceinline__ float infinity() { return __int_as_float(0x7f800000); }

// Whether a challenger wins: by being larger, or the first NaN.
__device__ __forceinline__ bool beats(float challenger, float champion) {
    return !(challenger <= champion) && champion == champion;
}

struct Range {
    int first, end;
};

// The windows along one axis of an image.
struct Axis {
    int size, positions, window, pad;
    Divisor stride;

    __device__ __forceinline__ int start(int position) const { return position * stride.divisor - pad; }

    // The places of a window that lie inside the image.
    __device__ __forceinline__ Range inside(int position) const {
        return {max(0, -start(position)), min(window, size - start(position))};
    }
    // The windows that have a pixel inside.
    __device__ __forceinline__ Range reaching(int pixel) const {
        int last = pixel + pad, before = last - window;  // the starts from `before` + 1 to `last` are such
        return {before < 0 ? 0 : stride.quotient(before) + 1, min(positions, stride.quotient(last) + 1)};
    }
};

// Images, row-major (N, H, W, C), a vector of channels after the other.
struct Images {
    Divisor height, width, vectors;

    struct Place {
        int n, h, v, vector;
    };
    __device__ __forceinline__ Place place(int i) const {
        int pixel = vectors.quotient(i), line = width.quotient(pixel), n = height.quotient(line);
        return {n, line - n * height.divisor, pixel - line * width.divisor, i - pixel * vectors.divisor};
    }
    // The first channel of a vector of V.
    template <int V>
    __device__ __forceinline__ int at(int n, int h, int v, int vector) const {
        return (((n * height.divisor + h) * width.divisor + v) * vectors.divisor + vector) * V;
    }
};

// y = max(window), at least `floor`, which is 0 for a ReLU in front, else −∞; code = r·S + s of the first largest.
template <int V, class Code>
__global__ void max_pool(
    Numbers x, Results y, Code* __restrict__ code, int n, Images input, Images output, Axis down, Axis across,
    float floor
) {
    each(n, [=](int i) {
        auto at = output.place(i);
        Range rows = down.inside(at.h), columns = across.inside(at.v);
        auto best = filled<V>(-infinity());
        auto winner = filled<V>(static_cast<Code>(rows.first * across.window + columns.first));
        for (int r = rows.first; r < rows.end; r++)
            for (int s = columns.first; s < columns.end; s++) {
                auto numbers = load<V>(x + input.at<V>(at.n, down.start(at.h) + r, across.start(at.v) + s, at.vector));
                for (int j = 0; j < V; j++)
                    if (beats(numbers[j], best[j])) {
                        best[j] = numbers[j];
                        winner[j] = r * across.window + s;
                    }
            }
        for (int j = 0; j < V; j++) best[j] = best[j] < floor ? floor : best[j];
        store(y + i * V, best);
        store(code + i * V, winner);
    });
}

// dx = Σ dy over the windows whose code names the pixel, in row-major order of (p, q)
template <int V, class Code>
__global__ void max_pool_grad(
    Numbers dy, const Code* __restrict__ code, Results dx, int n, Images input, Images output, Axis down, Axis across
) {
    each(n, [=](int i) {
        auto at = input.place(i);
        Range rows = down.reaching(at.h), columns = across.reaching(at.v);
        auto sum = filled<V>(0.0f);
        for (int p = rows.first; p < rows.end; p++)
            for (int q = columns.first; q < columns.end; q++) {
                int window = output.at<V>(at.n, p, q, at.vector);
                unsigned place = (at.h - down.start(p)) * across.window + at.v - across.start(q);
                auto codes = load<V>(code + window);
                auto gradients = load<V>(dy + window);
                for (int j = 0; j < V; j++)
                    if (codes[j] == place) sum[j] += gradients[j];
            }
        store(dx + i * V, sum);
    });
}

// y = Σ x over the pixels of the window inside the image / their number
template <int V>
__global__ void avg_pool(Numbers x, Results y, int n, Images input, Images output, Axis down, Axis across) {
    each(n, [=](int i) {
        auto at = output.place(i);
        Range rows = down.inside(at.h), columns = across.inside(at.v);
        auto sum = filled<V>(0.0f);
        for (int r = rows.first; r < rows.end; r++)
            for (int s = columns.first; s < columns.end; s++) {
                auto numbers = load<V>(x + input.at<V>(at.n, down.start(at.h) + r, across.start(at.v) + s, at.vector));
                for (int j = 0; j < V; j++) sum[j] += numbers[j];
            }
        float count = (rows.end - rows.first) * (columns.end - columns.first);
        for (int j = 0; j < V; j++) sum[j] /= count;
        store(y + i * V, sum);
    });
}

// dx = Σ dy / (pixels of the window inside the image)
template <int V>
__global__ void avg_pool_grad(Numbers dy, Results dx, int n, Images input, Images output, Axis down, Axis across) {
    each(n, [=](int i) {
        auto at = input.place(i);
        Range rows = down.reaching(at.h), columns = across.reaching(at.v);
        auto sum = filled<V>(0.0f);
        for (int p = rows.first; p < rows.end; p++)
            for (int q = columns.first; q < columns.end; q++) {
                Range inner_rows = down.inside(p), inner_columns = across.inside(q);
                float count = (inner_rows.end - inner_rows.first) * (inner_columns.end - inner_columns.first);
                auto gradients = load<V>(dy + output.at<V>(at.n, p, q, at.vector));
                for (int j = 0; j < V; j++) sum[j] += gradients[j] / count;
            }
        store(dx + i * V, sum);
    });
}

struct Sum {
    float sum;

    static __device__ __forceinline__ Sum together(const Sum& a, const Sum& b) { return {a.sum + b.sum}; }
};

// y[n,c] = Σ x / (H·W), with so many blocks across the channels of an image
template <int V>
__global__ void global_avg(Numbers x, Results y, int pixels, int channels, int blocks) {
    int n = blockIdx.x / blocks, channel = own_channel<V>(blockIdx.x % blocks);
    auto own = filled<V>(Sum{0});
    if (channel < channels)
        down_rows(pixels, 0, 1, [&](int pixel) {
            auto numbers = load<V>(x + (n * pixels + pixel) * channels + channel);
            for (int j = 0; j < V; j++) own[j].sum += numbers[j];
        });
    own = over_rows(own);
    if (threadIdx.y == 0 && channel < channels)
        for (int j = 0; j < V; j++) y[n * channels + channel + j] = own[j].sum / pixels;
}

// dx = dy / (H·W): images of one line of pixels
template <int V>
__global__ void global_avg_grad(Numbers dy, Results dx, int n, Images input) {
    float pixels = input.width.divisor;
    each(n, [=](int i) {
        auto at = input.place(i);
        auto gradients = load<V>(dy + (at.n * input.vectors.divisor + at.vector) * V);
        for (int j = 0; j < V; j++) gradients[j] /= pixels;
        store(dx + i * V, gradients);
    });
}

struct Largest {
    float number;
    int pixel;

    static __device__ __forceinline__ Largest together(const Largest& a, const Largest& b) {
        bool earlier = a.pixel < b.pixel;
        const Largest &first = earlier ? a : b, &second = earlier ? b : a;
        return beats(second.number, first.number) ? second : first;
    }
};

// y[n,c] = max x, index = h·W + v of the first largest
template <int V>
__global__ void global_max(Numbers x, Results y, long long* __restrict__ index, int pixels, int channels, int blocks) {
    int n = blockIdx.x / blocks, channel = own_channel<V>(blockIdx.x % blocks);
    auto own = filled<V>(Largest{-infinity(), pixels});
    if (channel < channels)
        down_rows(pixels, 0, 1, [&](int pixel) {
            auto numbers = load<V>(x + (n * pixels + pixel) * channels + channel);
            for (int j = 0; j < V; j++) own[j] = Largest::together(own[j], {numbers[j], pixel});
        });
    own = over_rows(own);
    if (threadIdx.y == 0 && channel < channels)
        for (int j = 0; j < V; j++) {
            y[n * channels + channel + j] = own[j].number;
            index[n * channels + channel + j] = own[j].pixel;
        }
}

// dx = dy at the pixel that the index names: images of one line of pixels
template <int V>
__global__ void global_max_grad(Numbers dy, const long long* __restrict__ index, Results dx, int n, Images input) {
    each(n, [=](int i) {
        auto at = input.place(i);
        int first = (at.n * input.vectors.divisor + at.vector) * V;
        auto gradients = load<V>(dy + first);
        for (int j = 0; j < V; j++) gradients[j] = index[first + j] == at.v ? gradients[j] : 0;
        store(dx + i * V, gradients);
    });
}

// 3×3 convolution without stride on tensor cores, with bias, ReLU and 2×2 max-pooling; and its input gradient, which
// is such a convolution too, of the output's gradient with turned weights.
//
// A block computes 16×16 outputs of 32 or 64 filters, a warp 4 rows of them. It goes through the channels in stages of
// 8: their pixels, with those around, and their weights lie in shared memory, and while they are multiplied, the next
// stage is copied. Two blocks have room on a multiprocessor of an H100: one computes while the other waits or stores.
//
//     sums[pixel][filter] += Σ_c pixels[pixel + tap][c] · weights[tap][filter][c]      for each of the 9 taps
//
// A tile in which a sum is not finite is computed again without tensor cores: in three terms infinity becomes NaN, and
// around a gradient there is nothing, which an infinite weight must not meet as a zero.
#include <tensor_cores.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

constexpr int TILE = 16, HALO = TILE + 2, TAPS = 9;
constexpr int CHANNELS = 8;          // of a stage
constexpr int UNITS = CHANNELS / 4;  // of 16 bytes, for a pixel or a filter
constexpr int WARPS = 4, THREADS = 32 * WARPS;
constexpr int PIXELS_OF_STAGE = HALO * HALO * CHANNELS;

template <int FILTERS>
constexpr int STAGE = PIXELS_OF_STAGE + TAPS * FILTERS * CHANNELS;

// Weights (tap, K, C). Those of an input gradient are the convolution's (tap, C, K), from the last tap to the first.
struct Weights {
    const float* numbers;
    int filters, channels;
    bool turned;

    __device__ __forceinline__ int place(int tap, int filter) const {
        return ((turned ? TAPS - 1 - tap : tap) * filters + filter) * channels;
    }
    __device__ __forceinline__ void copy(float* to, int tap, int filter, int c) const {
        const bool present = filter < filters;
        copy_four(to, numbers + (present ? place(tap, filter) : 0), c, channels, present);
    }
};

struct Tile {
    int n, row, column, filter;  // the first ones

    __device__ __forceinline__ Tile(const Window& window, int filters) {
        const int groups = (window.filters + filters - 1) / filters, i = blockIdx.x / groups;
        const int down = (window.rows + TILE - 1) / TILE, across = (window.columns + TILE - 1) / TILE;
        n = i / across / down;
        row = i / across % down * TILE;
        column = i % across * TILE;
        filter = blockIdx.x % groups * filters;  // one after the other: the second finds its pixels in the L2 cache
    }
};

// What a lane gets of a warp's 64 pixels × FILTERS sums. The rows of matrix m are every second pixel of two rows: so
// the four pixels of a pooling's window come to one lane.
struct Lane {
    int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;

    // In the tile, of sums[m][j][2i + …].
    __device__ __forceinline__ int row(int m, int i) const { return 4 * warp + m / 2 * 2 + i; }
    __device__ __forceinline__ int column(int m) const { return 2 * g + m % 2; }
    __device__ __forceinline__ int filter(int j) const { return 8 * j + 2 * t; }  // and the next one
};

// Where 16 bytes lie in shared memory: a row of 128 bytes holds eight, in an order that differs from row to row. Then
// load_matrices finds its eight in different banks.
__device__ __forceinline__ int swizzled(int row, int unit) {
    const int i = row * UNITS + unit;
    return (i ^ i / 8 % 4) * 4;
}

template <int FILTERS, class Source>
__device__ __forceinline__ void copy_stage(float* stage, const Source& x, const Weights& weights, const Window& window,
                                           const Tile& tile, int channel) {
#pragma unroll 4
    for (int i = threadIdx.x; i < HALO * HALO * UNITS; i += THREADS) {
        const int pixel = i / UNITS;
        const int h = tile.row + pixel / HALO - window.top, v = tile.column + pixel % HALO - window.left;
        x.copy(stage + swizzled(pixel, i % UNITS), tile.n, h, v, channel + i % UNITS * 4);
    }
#pragma unroll 4
    for (int i = threadIdx.x; i < TAPS * FILTERS * UNITS; i += THREADS) {
        const int row = i / UNITS, unit = i % UNITS;
        float* to = stage + PIXELS_OF_STAGE + swizzled(row, unit);
        weights.copy(to, row / FILTERS, tile.filter + row % FILTERS, channel + unit * 4);
    }
    end_group_of_copies();
}

template <int TERMS, int FILTERS>
__device__ __forceinline__ void add_stage(float (&sums)[4][FILTERS / 8][4], const float* stage) {
    const int warp = threadIdx.x / 32, matrix = threadIdx.x % 32 / 8, row = threadIdx.x % 8;
#pragma unroll 1
    for (int tap = 0; tap < TAPS; tap++) {
        Fragment<TERMS, 4> a[4];
        Fragment<TERMS, 2> b[FILTERS / 8];
        unsigned bits[4];
#pragma unroll
        for (int m = 0; m < 4; m++) {
            const int h = 4 * warp + m / 2 * 2 + matrix % 2 + tap / 3, v = 2 * row + m % 2 + tap % 3;
            load_matrices(bits, stage + swizzled(h * HALO + v, matrix / 2));
#pragma unroll
            for (int i = 0; i < 4; i++) a[m].set(i, __uint_as_float(bits[i]));
        }
#pragma unroll
        for (int j = 0; j < FILTERS / 8; j += 2) {
            const int filter = tap * FILTERS + 8 * (j + matrix / 2) + row;
            load_matrices(bits, stage + PIXELS_OF_STAGE + swizzled(filter, matrix % 2));
#pragma unroll
            for (int i = 0; i < 4; i++) b[j + i / 2].set(i % 2, __uint_as_float(bits[i]));
        }
        multiply_add(sums, sums, a, b);
    }
}

// One sum without tensor cores.
template <class Source>
__device__ __forceinline__ float direct_sum(const Source& x, const Weights& weights, const Window& window, int n,
                                            int row, int column, int filter) {
    float sum = 0;
    for (int tap = 0; tap < TAPS; tap++) {
        const int h = row + tap / 3 - window.top, v = column + tap % 3 - window.left;
        const bool inside = x.inside(h, v);
        if (weights.turned && !inside) continue;  // no output is there, while an image is padded with zeros
        const float* w = weights.numbers + weights.place(tap, filter);
        for (int c = 0; c < x.channels; c++) sum += (inside ? x.at(n, h, v, c) : 0) * __ldg(w + c);
    }
    return sum;
}

__device__ __forceinline__ float rectified(float value) { return value < 0 ? 0 : value; }

// Every output: its sum and the bias, perhaps behind a ReLU; or a gradient in front of the ReLU that gave `mask`.
struct Every {
    const float *bias, *mask;
    bool relu;
    float* y;

    static constexpr int SIDE = TILE;  // of a tile of results

    __device__ __forceinline__ float result(float sum, int filter, int to) const {
        if (bias) sum += bias[filter];
        if (relu) sum = rectified(sum);
        if (mask) sum = mask[to] > 0 ? sum : mask[to] <= 0 ? 0 : mask[to];
        return sum;
    }
    __device__ __forceinline__ static bool inside(const Window& window, int row, int column) {
        return row < window.rows && column < window.columns;
    }
    __device__ __forceinline__ static int place(const Window& window, int n, int row, int column, int filter) {
        return ((n * window.rows + row) * window.columns + column) * window.filters + filter;
    }
    template <int N>
    __device__ __forceinline__ void store(const float (&sums)[4][N][4], const Window& window, const Tile& tile) const {
        const Lane lane{};
#pragma unroll
        for (int m = 0; m < 4; m++)
#pragma unroll
            for (int i = 0; i < 2; i++) {
                const int row = tile.row + lane.row(m, i), column = tile.column + lane.column(m);
                if (!inside(window, row, column)) continue;
#pragma unroll
                for (int j = 0; j < N; j++) {
                    const int filter = tile.filter + lane.filter(j), to = place(window, tile.n, row, column, filter);
                    if (filter < window.filters)
                        *reinterpret_cast<float2*>(y + to) = make_float2(
                            result(sums[m][j][2 * i], filter, to), result(sums[m][j][2 * i + 1], filter + 1, to + 1));
                }
            }
    }
    // The result at (i, j) of the tile, of sums f(row, column).
    template <class F>
    __device__ __forceinline__ void store_again(const Window& window, const Tile& tile, int i, int j, int filter,
                                                F f) const {
        const int row = tile.row + i, column = tile.column + j, to = place(window, tile.n, row, column, filter);
        if (inside(window, row, column)) y[to] = result(f(row, column), filter, to);
    }
};

// The largest of each 2×2 outputs behind bias and ReLU, and which one that is: the first, or the first NaN.
struct MaxPooled {
    const float* bias;
    float* y;
    unsigned char* code;

    static constexpr int SIDE = TILE / 2;

    __device__ __forceinline__ float result(const float (&sums)[4], int filter, unsigned char& which) const {
        const float b = bias ? bias[filter] : 0;
        float largest = rectified(sums[0] + b);
        which = 0;
#pragma unroll
        for (int i = 1; i < 4; i++) {
            const float value = rectified(sums[i] + b);
            if (value <= largest || largest != largest) continue;
            largest = value;
            which = i;
        }
        return largest;
    }
    __device__ __forceinline__ static bool inside(const Window& window, int row, int column) {
        return row < window.rows / 2 && column < window.columns / 2;
    }
    __device__ __forceinline__ static int place(const Window& window, int n, int row, int column, int filter) {
        return ((n * (window.rows / 2) + row) * (window.columns / 2) + column) * window.filters + filter;
    }
    template <int N>
    __device__ __forceinline__ void store(const float (&sums)[4][N][4], const Window& window, const Tile& tile) const {
        const Lane lane{};
#pragma unroll
        for (int m = 0; m < 4; m += 2) {
            const int row = (tile.row + lane.row(m, 0)) / 2, column = (tile.column + lane.column(m)) / 2;
            if (!inside(window, row, column)) continue;
#pragma unroll
            for (int j = 0; j < N; j++) {
                const int filter = tile.filter + lane.filter(j), to = place(window, tile.n, row, column, filter);
                if (filter >= window.filters) continue;
                float results[2];
                unsigned char which[2];
#pragma unroll
                for (int i = 0; i < 2; i++)
                    results[i] = result({sums[m][j][i], sums[m + 1][j][i], sums[m][j][2 + i], sums[m + 1][j][2 + i]},
                                        filter + i, which[i]);
                *reinterpret_cast<float2*>(y + to) = make_float2(results[0], results[1]);
                *reinterpret_cast<unsigned short*>(code + to) = static_cast<unsigned short>(which[0] | which[1] << 8);
            }
        }
    }
    template <class F>
    __device__ __forceinline__ void store_again(const Window& window, const Tile& tile, int i, int j, int filter,
                                                F f) const {
        const int row = tile.row / 2 + i, column = tile.column / 2 + j, h = 2 * row, v = 2 * column;
        const int to = place(window, tile.n, row, column, filter);
        if (inside(window, row, column))
            y[to] = result({f(h, v), f(h, v + 1), f(h + 1, v), f(h + 1, v + 1)}, filter, code[to]);
    }
};

// Whether all are finite: else 0 times one of them is NaN.
template <int N>
__device__ __forceinline__ bool finite(const float (&sums)[4][N][4]) {
    float zero = 0;
#pragma unroll
    for (int i = 0; i < 4 * N * 4; i++) zero += 0 * sums[i / N / 4][i / 4 % N][i % 4];
    return zero == 0;
}

template <int TERMS, int FILTERS, class Source, class Store>
__device__ __forceinline__ void convolve(const Source& x, const Weights& weights, const Store& results,
                                         const Window& window) {
    float* stages = dynamic_shared<float>();
    unsigned* not_finite = reinterpret_cast<unsigned*>(stages + 2 * STAGE<FILTERS>);  // a bit for each lane of a warp
    const Tile tile(window, FILTERS);
    float sums[4][FILTERS / 8][4] = {};
    copy_stage<FILTERS>(stages, x, weights, window, tile, 0);
    for (int channel = 0, i = 0; channel < x.channels; channel += CHANNELS, i ^= 1) {
        wait_for_copies<0>();
        __syncthreads();  // all of the stage is there, and nobody reads the other one any more
        if (channel + CHANNELS < x.channels)
            copy_stage<FILTERS>(stages + (i ^ 1) * STAGE<FILTERS>, x, weights, window, tile, channel + CHANNELS);
        add_stage<TERMS, FILTERS>(sums, stages + i * STAGE<FILTERS>);
    }
    const unsigned lanes = __ballot_sync(~0u, !finite(sums));
    if (threadIdx.x % 32 == 0) not_finite[threadIdx.x / 32] = lanes;
    results.store(sums, window, tile);
    __syncthreads();
    if (!(not_finite[0] | not_finite[1] | not_finite[2] | not_finite[3])) return;
    for (int i = threadIdx.x; i < Store::SIDE * Store::SIDE * FILTERS; i += THREADS) {
        const int filter = tile.filter + i % FILTERS, pixel = i / FILTERS;
        if (filter >= window.filters) continue;
        auto sum = [&](int row, int column) { return direct_sum(x, weights, window, tile.n, row, column, filter); };
        results.store_again(window, tile, pixel / Store::SIDE, pixel % Store::SIDE, filter, sum);
    }
}

template <int TERMS, int FILTERS>
__global__ void __launch_bounds__(THREADS, 2)
conv3x3(Numbers x, Numbers w, Numbers bias, Numbers mask, Results y, int relu, int gradient, Window window) {
    const Images images{x, window.height, window.width, window.channels};
    const Weights weights{w, window.filters, window.channels, gradient != 0};
    convolve<TERMS, FILTERS>(images, weights, Every{bias, mask, relu != 0, y}, window);
}

template <int TERMS, int FILTERS>
__global__ void __launch_bounds__(THREADS, 2)
conv3x3_relu_max_pool(Numbers x, Numbers w, Numbers bias, Results y, unsigned char* __restrict__ code, Window window) {
    const Images images{x, window.height, window.width, window.channels};
    const Weights weights{w, window.filters, window.channels, false};
    convolve<TERMS, FILTERS>(images, weights, MaxPooled{bias, y, code}, window);
}

template <int TERMS, int FILTERS>
__global__ void __launch_bounds__(THREADS, 2)
conv3x3_input_grad_of_pool(Numbers dy, const unsigned char* __restrict__ code, Numbers w, Numbers mask, Results dx,
                           Window window) {
    const Unpooled images{dy, code, window.height, window.width, window.channels};
    const Weights weights{w, window.filters, window.channels, true};
    convolve<TERMS, FILTERS>(images, weights, Every{nullptr, mask, false, dx}, window);
}

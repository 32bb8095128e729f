// Convolution of images with few channels, such as a network's first layer: the pixels that a block reads, with all their
// channels, and the weights lie in shared memory, and nothing is in memory between it, the ReLU and the pooling.
//
// A block computes 16×16 outputs of up to 32 filters, a thread 2×2 of 8 filters: of 6 reads of shared memory, two of them
// of 16 bytes, come 32 products. The four outputs are what a pooling makes one of.
#include <finish.cuh>
#include <primitives.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;
using Codes = unsigned char* __restrict__;

constexpr int TILE = 16, FILTERS = 8;  // outputs of a block along an axis, filters of a thread

struct Layer {
    int height, width, channels;
    int rows, columns, filters;          // of the outputs
    int window_rows, window_columns;
    int down, across;                    // strides
    int below, beside;                   // dilation
    int top, left;                       // padding
    int patch_rows, patch_columns;       // that a block reads
    int tiles_down, tiles_across;        // of an image
};

// The tile of this block, and the 2×2 outputs of this thread.
struct Place {
    int image, row, column, first_filter;
    __device__ __forceinline__ Place(const Layer& l) {
        int tile = blockIdx.x, window = threadIdx.y;
        column = tile % l.tiles_across * TILE + window % (TILE / 2) * 2;
        tile /= l.tiles_across;
        row = tile % l.tiles_down * TILE + window / (TILE / 2) * 2;
        image = tile / l.tiles_down;
        first_filter = (blockIdx.y * blockDim.x + threadIdx.x) * FILTERS;
    }
};

// All of the block copy weights (tap, channel, filter of the block) and pixels (row, column, channel), zeros where there
// are none.
__device__ __forceinline__ void fill(float* weights, float* patch, Numbers x, Numbers w, const Layer& l) {
    int thread = threadIdx.y * blockDim.x + threadIdx.x, threads = blockDim.x * blockDim.y;
    int block_filters = blockDim.x * FILTERS, first_filter = blockIdx.y * block_filters;
    for (int i = thread; i < l.window_rows * l.window_columns * l.channels * block_filters; i += threads) {
        int filter = first_filter + i % block_filters;
        weights[i] = filter < l.filters ? w[i / block_filters * l.filters + filter] : 0;
    }
    int tile = blockIdx.x, line = l.patch_columns * l.channels;
    int v = tile % l.tiles_across * TILE * l.across - l.left;
    tile /= l.tiles_across;
    int h = tile % l.tiles_down * TILE * l.down - l.top, image = tile / l.tiles_down;
    for (int i = thread; i < l.patch_rows * line; i += threads) {
        int row = h + i / line, at = v * l.channels + i % line;  // of all numbers of a row of pixels
        bool exists = row >= 0 && row < l.height && at >= 0 && at < l.width * l.channels;
        patch[i] = exists ? x[static_cast<long long>(image * l.height + row) * l.width * l.channels + at] : 0;
    }
    __syncthreads();
}

// Of the outputs 2·i + j: (row i, column j).
__device__ __forceinline__ void convolve(float (&sums)[4][FILTERS], Numbers x, Numbers w, const Layer& l) {
    float* weights = dynamic_shared<float>();
    float* patch = weights + l.window_rows * l.window_columns * l.channels * blockDim.x * FILTERS;
    fill(weights, patch, x, w, l);
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < FILTERS; j++) sums[i][j] = 0;
    int window = threadIdx.y, line = l.patch_columns * l.channels;
    int first = window / (TILE / 2) * 2 * l.down * line + window % (TILE / 2) * 2 * l.across * l.channels;
    const float* weight = weights + threadIdx.x * FILTERS;
    for (int r = 0; r < l.window_rows; r++)
        for (int s = 0; s < l.window_columns; s++) {
            const float* pixel = patch + first + r * l.below * line + s * l.beside * l.channels;
            for (int c = 0; c < l.channels; c++, pixel++, weight += blockDim.x * FILTERS) {
                float4 a = *reinterpret_cast<const float4*>(weight), b = *reinterpret_cast<const float4*>(weight + 4);
                const float filters[FILTERS] = {a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    float number = pixel[i / 2 * l.down * line + i % 2 * l.across * l.channels];
#pragma unroll
                    for (int j = 0; j < FILTERS; j++) sums[i][j] += number * filters[j];
                }
            }
        }
}

__global__ void __launch_bounds__(256) few_channels(Numbers x, Numbers w, Numbers b, Results y, int relu, Layer l) {
    float sums[4][FILTERS];
    convolve(sums, x, w, l);
    Place place(l);
    Finish finish{b, nullptr, relu != 0};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        int row = place.row + i / 2, column = place.column + i % 2;
        if (row >= l.rows || column >= l.columns) continue;
        long long pixel = static_cast<long long>((place.image * l.rows + row) * l.columns + column) * l.filters;
#pragma unroll
        for (int j = 0; j < FILTERS; j += 4) {
            int filter = place.first_filter + j;
            float4 four = make_float4(sums[i][j], sums[i][j + 1], sums[i][j + 2], sums[i][j + 3]);
            if (filter < l.filters) finish.write(y, pixel + filter, filter, l.filters, four, l.filters % 4 == 0);
        }
    }
}

// y = max over 2×2 outputs of max(b + Σ, 0), and the place of the first maximum or NaN.
__global__ void __launch_bounds__(256)
    few_channels_relu_max_pool(Numbers x, Numbers w, Numbers b, Results y, Codes codes, Layer l) {
    float sums[4][FILTERS];
    convolve(sums, x, w, l);
    Place place(l);
    int row = place.row / 2, column = place.column / 2, rows = l.rows / 2, columns = l.columns / 2;
    if (row >= rows || column >= columns) return;
    long long pixel = static_cast<long long>((place.image * rows + row) * columns + column) * l.filters;
    Finish finish{b, nullptr, true};  // the ReLU keeps the order, and the bias is that of all four
#pragma unroll
    for (int j = 0; j < FILTERS; j += 4) {
        int filter = place.first_filter + j;
        if (filter >= l.filters) return;
        float largest[4];
        unsigned char code[4];
#pragma unroll
        for (int u = 0; u < 4; u++) {
            largest[u] = sums[0][j + u];
            code[u] = 0;
#pragma unroll
            for (int i = 1; i < 4; i++) {
                float sum = sums[i][j + u];
                if (sum > largest[u] || (sum != sum && largest[u] == largest[u])) {
                    largest[u] = sum;
                    code[u] = i;
                }
            }
        }
        float4 four = make_float4(largest[0], largest[1], largest[2], largest[3]);
        finish.write(y, pixel + filter, filter, l.filters, four, l.filters % 4 == 0);
#pragma unroll
        for (int u = 0; u < 4; u++)
            if (filter + u < l.filters) codes[pixel + filter + u] = code[u];
    }
}

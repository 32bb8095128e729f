// Weight gradient of a 3×3 convolution without stride, on tensor cores: sums over all pixels.
//
//     dw[r,s,c,k] = Σ_{n,p,q} x[n, p + r − π₀, q + s − π₀, c] · dy[n,p,q,k]
//
// A block has 32 or 64 filters and 32 channels, and goes through every so many tiles of 8×16 pixels; its warps share
// the rows r of the window and the channels. The blocks' sums are added in their order afterwards.
#include <tensor_cores.cuh>

constexpr int ROWS = 8, COLUMNS = 16;                   // of a tile
constexpr int HALO_ROWS = ROWS + 2, HALO_COLUMNS = COLUMNS + 2;
constexpr int CHANNELS = 32, CHANNELS_OF_WARP = 16;
constexpr int WARPS = 3 * CHANNELS / CHANNELS_OF_WARP, THREADS = 32 * WARPS;
constexpr int SHIFT = 8;  // numbers between pixels, so that 8 channels of 4 pixels lie in 32 different banks
constexpr int PIXEL = CHANNELS + SHIFT;

template <int FILTERS, class Gradients>
__device__ __forceinline__ void copy_tile(float* pixels, float* gradients, const Images& x, const Gradients& dy, int n,
                                          int row, int column, const Window& window) {
    const int channel = blockIdx.z * CHANNELS, filter = blockIdx.y * FILTERS;
#pragma unroll 2
    for (int i = threadIdx.x; i < HALO_ROWS * HALO_COLUMNS * CHANNELS / 4; i += THREADS) {
        const int pixel = i / (CHANNELS / 4), c = i % (CHANNELS / 4) * 4;
        const int h = row + pixel / HALO_COLUMNS - window.top, v = column + pixel % HALO_COLUMNS - window.left;
        x.copy(pixels + pixel * PIXEL + c, n, h, v, channel + c);
    }
#pragma unroll 4
    for (int i = threadIdx.x; i < ROWS * COLUMNS * FILTERS / 4; i += THREADS) {
        const int pixel = i / (FILTERS / 4), k = i % (FILTERS / 4) * 4;
        float* to = gradients + pixel * (FILTERS + SHIFT) + k;
        dy.copy(to, n, row + pixel / COLUMNS, column + pixel % COLUMNS, filter + k);
    }
    end_group_of_copies();
}

// A part of the sums for each of gridDim.x: partials[part][r][s][c][k].
template <int TERMS, int FILTERS, class Gradients>
__device__ __forceinline__ void add_products(const Images& x, const Gradients& dy, float* partials, int images,
                                             const Window& window) {
    constexpr int M = FILTERS / 16, GRADIENT = FILTERS + SHIFT;
    float* pixels = dynamic_shared<float>();
    float* gradients = pixels + HALO_ROWS * HALO_COLUMNS * PIXEL;
    const int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    const int r = warp % 3, of_warp = warp / 3 * CHANNELS_OF_WARP, channel = blockIdx.z * CHANNELS + of_warp;
    const int down = (window.rows + ROWS - 1) / ROWS, across = (window.columns + COLUMNS - 1) / COLUMNS;
    float sums[M][6][4] = {}, rests[M][6][4] = {};  // of matrices of 16 filters × 8 channels, two for each column s
    for (int tile = blockIdx.x; tile < images * down * across; tile += gridDim.x) {
        const int n = tile / across / down, row = tile / across % down * ROWS, column = tile % across * COLUMNS;
        __syncthreads();  // nobody reads the tile before this one any more
        copy_tile<FILTERS>(pixels, gradients, x, dy, n, row, column, window);
        wait_for_copies<0>();
        __syncthreads();
        if (channel >= window.channels) continue;
        const int rows = min(ROWS, window.rows - row);
#pragma unroll 1
        for (int first = 0; first < rows * COLUMNS; first += 8) {  // of the 8 pixels of a step
            const int p = first / COLUMNS, q = first % COLUMNS + t;
            Fragment<TERMS, 4> a[M];
            Fragment<TERMS, 2> b[6];
#pragma unroll
            for (int m = 0; m < M; m++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                    a[m].set(i, gradients[(p * COLUMNS + q + i / 2 * 4) * GRADIENT + 16 * m + i % 2 * 8 + g]);
#pragma unroll
            for (int j = 0; j < 6; j++)
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    const int pixel = (p + r) * HALO_COLUMNS + q + 4 * i + j / 2;
                    const float value = pixels[pixel * PIXEL + of_warp + j % 2 * 8 + g];
                    b[j].set(i, column + q + 4 * i < window.columns ? value : 0);  // no gradient is there to meet a NaN
                }
            multiply_add(sums, rests, a, b);
        }
    }
#pragma unroll
    for (int i = 0; i < M * 6 * 4; i++) {
        const int m = i / 24, j = i / 4 % 6, k = blockIdx.y * FILTERS + 16 * m + i % 4 / 2 * 8 + g;
        const int c = channel + j % 2 * 8 + 2 * t + i % 2;
        const float sum = sums[m][j][i % 4], rest = rests[m][j][i % 4];
        if (c < window.channels && k < window.filters)  // beside an infinity, a rest is NaN
            partials[(((blockIdx.x * 3 + r) * 3 + j / 2) * window.channels + c) * window.filters + k] =
                rest - rest == 0 ? sum + rest : sum;
    }
}

template <int TERMS, int FILTERS>
__global__ void __launch_bounds__(THREADS, 2)
conv3x3_weight_grad(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ partials, int images,
                    Window window) {
    const Images inputs{x, window.height, window.width, window.channels};
    const Images outputs{dy, window.rows, window.columns, window.filters};
    add_products<TERMS, FILTERS>(inputs, outputs, partials, images, window);
}

template <int TERMS, int FILTERS>
__global__ void __launch_bounds__(THREADS, 2)
conv3x3_weight_grad_of_pool(const float* __restrict__ x, const float* __restrict__ dy,
                            const unsigned char* __restrict__ code, float* __restrict__ partials, int images,
                            Window window) {
    const Images inputs{x, window.height, window.width, window.channels};
    const Unpooled outputs{dy, code, window.rows, window.columns, window.filters};
    add_products<TERMS, FILTERS>(inputs, outputs, partials, images, window);
}

constexpr int SLICES = 8;

// sums[i] = Σ_part partials[part][i], by blocks of (32, SLICES) threads: each slice adds every SLICES-th part, so that
// many are on their way at once.
__global__ void sum_of_partials(const float* __restrict__ partials, float* __restrict__ sums, int n, int parts) {
    float* slices = dynamic_shared<float>();
    const int i = blockIdx.x * 32 + threadIdx.x;
    float sum = 0;
    if (i < n)
#pragma unroll 4
        for (int part = threadIdx.y; part < parts; part += SLICES) sum += __ldg(partials + part * n + i);
    slices[threadIdx.y * 32 + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y || i >= n) return;
    for (int slice = 1; slice < SLICES; slice++) sum += slices[slice * 32 + threadIdx.x];
    sums[i] = sum;
}

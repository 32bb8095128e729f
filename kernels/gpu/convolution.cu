// Convolution and its gradients as matrix products whose large matrix, the pixels under each window, is never in memory
// ("implicit GEMM"): its numbers are looked up on their way into the tiles. For each group:
//
//     y  (positions, K)   = windows of x (positions, R·S·C) · w (R·S·C, K)
//     dx (pixels, C)      = windows of dy (pixels, taps·K) · w (taps·K, C), phase by phase
//     dw (R·S·C, K)       = (windows of x)ᵀ · dy (positions, K)
//
// Blocks: x the tiles, those that read the same pixels next to each other; y the groups; z the phases of an input
// gradient, and the parts of the depth, whose sums are added afterwards (sums.cu).
#include <finish.cuh>
#include <windows.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;
using Codes = const unsigned char* __restrict__;

// What a block computes: a tile, by its first row and column, and of the depth a part.
template <class T>
struct Share {
    int row, column, from, to, part;
    __device__ __forceinline__ Share(const Convolution& c, int depth) {
        int across = (c.outputs.divisor + T::COLUMNS - 1) / T::COLUMNS;
        row = blockIdx.x / across * T::ROWS;
        column = blockIdx.x % across * T::COLUMNS;
        part = blockIdx.z % c.parts;
        from = min(part * c.part, depth);
        to = min(from + c.part, depth);
    }
};

// The windows that this block's group reads.
template <bool PADDING_IS_NOTHING>
__device__ __forceinline__ Windows<PADDING_IS_NOTHING> windows_of(const float* images, const Convolution& c,
                                                                  const Axis& rows, const Axis& columns) {
    return {images + blockIdx.y * c.inputs.divisor,
            rows,
            columns,
            c.inputs,
            c.all_inputs.divisor,
            c.images * rows.by_positions.divisor * columns.by_positions.divisor,
            rows.taps * columns.taps * c.inputs.divisor,
            c.read_vectors != 0};
}

// A matrix with a column for each of the results' channels, of which this block's group has some.
__device__ __forceinline__ Matrix<false> columns_of(const float* matrix, const Convolution& c, int depth) {
    int all = c.all_outputs.divisor, own = c.outputs.divisor;
    return {matrix + blockIdx.y * own, depth, own, all, c.other_vectors != 0};
}

// Writes a tile of which some rows exist; row i is the place(i)-th of so many pixels, or whatever has those channels.
template <class T, class F>
__device__ __forceinline__ void write(float* y, const float (&sums)[T::HEIGHT][T::WIDTH], const Share<T>& share,
                                      const Convolution& c, const Finish& finish, int rows, int pixels, F place) {
    int own = c.outputs.divisor, first = blockIdx.y * own;
    each_four<T>(sums, share.row, share.column, rows, own, [&](int row, int column, float4 four) {
        long long pixel = static_cast<long long>(share.part) * pixels + place(row);
        finish.write(y, pixel * c.all_outputs.divisor + first + column, column, own, four, c.write_vectors);
    });
}

template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    conv2d(Numbers x, Numbers w, Numbers b, Results y, int relu, Convolution c) {
    auto windows = windows_of<false>(x, c, c.rows[0], c.columns[0]);
    Share<T> share(c, windows.taps);
    float sums[T::HEIGHT][T::WIDTH];
    multiply<T, false>(sums, windows, columns_of(w, c, windows.taps), share.row, share.column, share.from, share.to);
    Finish finish{b ? b + blockIdx.y * c.outputs.divisor : nullptr, nullptr, relu != 0};
    write(y, sums, share, c, finish, windows.positions, windows.positions, [](int position) { return position; });
}

// Weights by (tap of a phase, filter) and channel; the filters lie side by side.
struct PhaseWeights {
    static constexpr bool ALONG_DEPTH = true;
    const float* __restrict__ w;  // from the group's first filter on
    const Axis &rows, &columns;
    Divisor filters;
    int all_filters, channels, window_columns, depth;
    bool vectors;

    __device__ __forceinline__ float4 four(int channel, int tap) const {
        if (vectors) {
            const float* weight = at(channel, tap);
            return weight ? *reinterpret_cast<const float4*>(weight) : make_float4(0, 0, 0, 0);
        }
        return make_float4(one(channel, tap), one(channel, tap + 1), one(channel, tap + 2), one(channel, tap + 3));
    }

  private:
    __device__ __forceinline__ const float* at(int channel, int tap) const {
        if (channel >= channels || tap >= depth) return nullptr;
        int row = tap, filter = rest(row, filters), column = rest(row, columns.by_taps);
        int place = rows.weight(row) * window_columns + columns.weight(column);
        return w + static_cast<long long>(place * channels + channel) * all_filters + filter;
    }
    __device__ __forceinline__ float one(int channel, int tap) const {
        const float* weight = at(channel, tap);
        return weight ? *weight : 0;
    }
};

// An infinite weight makes NaN of the zero that stands for a gradient which does not exist. It is seldom there: so it
// is noticed afterwards, and then all is computed again without such gradients, which would always be slower.
template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    conv2d_input_grad(Numbers dy, Numbers w, Numbers mask, Results dx, Convolution c) {
    int phase = blockIdx.z / c.parts;
    const Axis &rows = c.rows[phase / c.column_phases], &columns = c.columns[phase % c.column_phases];
    auto windows = windows_of<false>(dy, c, rows, columns);
    Share<T> share(c, windows.taps);
    if (share.row >= windows.positions) return;  // a phase of fewer pixels than the first one

    PhaseWeights weights{w + blockIdx.y * c.inputs.divisor, rows, columns, c.inputs, c.all_inputs.divisor,
                         c.outputs.divisor, c.window_columns, windows.taps, c.other_vectors != 0};
    float sums[T::HEIGHT][T::WIDTH];
    multiply<T, false>(sums, windows, weights, share.row, share.column, share.from, share.to);
    if (any_of_block<T::THREADS>(any_nan(sums))) {
        auto existing = windows_of<true>(dy, c, rows, columns);
        multiply<T, true>(sums, existing, weights, share.row, share.column, share.from, share.to);
    }
    Finish finish{nullptr, mask, false};
    write(dx, sums, share, c, finish, windows.positions, c.images * c.height * c.width, [&](int position) {
        int image = position, q = rest(image, columns.by_positions), p = rest(image, rows.by_positions);
        return (image * c.height + rows.result(p)) * c.width + columns.result(q);
    });
}

template <class T, class Gradients>
__device__ __forceinline__ void write_weight_grad(Numbers x, const Gradients& gradients, Results dw,
                                                  const Convolution& c) {
    auto windows = windows_of<false>(x, c, c.rows[0], c.columns[0]);
    Share<T> share(c, windows.positions);
    float sums[T::HEIGHT][T::WIDTH];
    multiply<T, false>(sums, Taps{windows}, gradients, share.row, share.column, share.from, share.to);
    Finish finish{nullptr, nullptr, false};
    write(dw, sums, share, c, finish, windows.taps, windows.taps, [](int tap) { return tap; });
}

__device__ __forceinline__ int positions_of(const Convolution& c) {
    return c.images * c.rows[0].by_positions.divisor * c.columns[0].by_positions.divisor;
}

template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    conv2d_weight_grad(Numbers x, Numbers dy, Results dw, Convolution c) {
    write_weight_grad<T>(x, columns_of(dy, c, positions_of(c)), dw, c);
}

// The gradient in front of a 2×2 max-pooling, by position and filter: it is that behind it where the code names the
// position, else 0.
struct Unpooled {
    static constexpr bool ALONG_DEPTH = false;
    const float* __restrict__ dy;            // from the group's first filter on
    Codes code;
    const Convolution& c;
    int positions;

    __device__ __forceinline__ float4 four(int filter, int position) const {
        int image = position, q = rest(image, c.columns[0].by_positions), p = rest(image, c.rows[0].by_positions);
        int rows = c.rows[0].by_positions.divisor / 2, columns = c.columns[0].by_positions.divisor / 2;
        if (position >= positions || p / 2 >= rows || q / 2 >= columns) return make_float4(0, 0, 0, 0);
        int pixel = (image * rows + p / 2) * columns + q / 2, own = p % 2 * 2 + q % 2;
        long long place = static_cast<long long>(pixel) * c.all_outputs.divisor + filter;
        return four_where(place, c.outputs.divisor - filter, own);
    }

  private:
    __device__ __forceinline__ float4 four_where(long long place, int left, int own) const {
        if (c.other_vectors) {
            if (left <= 0) return make_float4(0, 0, 0, 0);
            float4 four = *reinterpret_cast<const float4*>(dy + place);
            uchar4 codes = *reinterpret_cast<const uchar4*>(code + place);
            return make_float4(codes.x == own ? four.x : 0, codes.y == own ? four.y : 0, codes.z == own ? four.z : 0,
                               codes.w == own ? four.w : 0);
        }
        return make_float4(one(place, left > 0, own), one(place + 1, left > 1, own), one(place + 2, left > 2, own),
                           one(place + 3, left > 3, own));
    }
    __device__ __forceinline__ float one(long long place, bool exists, int own) const {
        return exists && code[place] == own ? dy[place] : 0;
    }
};

template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    conv2d_weight_grad_of_pool(Numbers x, Numbers dy, Codes code, Results dw, Convolution c) {
    int first = blockIdx.y * c.outputs.divisor;
    write_weight_grad<T>(x, Unpooled{dy + first, code + first, c, positions_of(c)}, dw, c);
}

// Matrix products in float32, a tile of results a block:
//
//     result[row, column] = Σ_depth A[row, depth] · B[depth, column], from the first depth to the last
//
// An operand gives numbers four at a time: `four(i, depth)`, i a row of A or a column of B, are those of this depth and
// the next three where ALONG_DEPTH says that these lie side by side in memory, else those of i and the next three; and
// zeros where the operand ends. They go through registers into one half of the shared memory, while the threads
// multiply what is in the other half.
#pragma once
#include <primitives.cuh>

// A block's results, how much of the depth is in shared memory at once, and the HEIGHT·WIDTH results of a thread: fours
// of rows and columns, as far apart as they can be, so that the threads of a warp read 16-byte words side by side.
template <int ROWS_, int COLUMNS_, int DEPTH_, int HEIGHT_, int WIDTH_>
struct Tile {
    static constexpr int ROWS = ROWS_, COLUMNS = COLUMNS_, DEPTH = DEPTH_, HEIGHT = HEIGHT_, WIDTH = WIDTH_;
    static constexpr int THREADS = ROWS / HEIGHT * (COLUMNS / WIDTH);
    static constexpr int BLOCKS = 384 / THREADS;  // at a time on a multiprocessor, at least: so up to 168 registers

    // Where row and column i of this thread are in the tile.
    static __device__ __forceinline__ int row(int i) {
        return i / 4 * (ROWS / HEIGHT * 4) + threadIdx.x / (COLUMNS / WIDTH) * 4 + i % 4;
    }
    static __device__ __forceinline__ int column(int i) {
        return i / 4 * (COLUMNS / WIDTH * 4) + threadIdx.x % (COLUMNS / WIDTH) * 4 + i % 4;
    }
};

using Large = Tile<128, 64, 8, 8, 8>;
using Tall = Tile<128, 32, 8, 8, 4>;
using Wide = Tile<32, 128, 8, 4, 8>;
using Small = Tile<32, 32, 16, 4, 4>;

// Stands for a number that does not exist, and is left out of sums where that is asked for. Numbers that do exist
// become +0 if they are −0.
constexpr unsigned NOTHING = 0x80000000u;  // −0

// Numbers i to i + 3 of a line; zeros behind its end. `vectors` says that i, the size and the address allow 16 bytes.
__device__ __forceinline__ float4 four_of(const float* __restrict__ line, int i, int size, bool vectors) {
    if (vectors) return i < size ? *reinterpret_cast<const float4*>(line + i) : make_float4(0, 0, 0, 0);
    return make_float4(i < size ? line[i] : 0, i + 1 < size ? line[i + 1] : 0, i + 2 < size ? line[i + 2] : 0,
                       i + 3 < size ? line[i + 3] : 0);
}

// A matrix in row-major order, whose rows lie `stride` numbers apart; the depth is its second axis, or its first.
template <bool DEPTH_IS_SECOND>
struct Matrix {
    static constexpr bool ALONG_DEPTH = DEPTH_IS_SECOND;
    const float* __restrict__ numbers;
    int first, second;  // sizes
    int stride;
    bool vectors;

    __device__ __forceinline__ float4 four(int i, int depth) const {
        int row = ALONG_DEPTH ? i : depth, column = ALONG_DEPTH ? depth : i;
        return four_of(numbers + static_cast<long long>(row) * stride, column, row < first ? second : 0, vectors);
    }
};

template <bool ALONG_DEPTH>
__device__ __forceinline__ Matrix<ALONG_DEPTH> matrix(const float* numbers, int extent, int depth, bool vectors) {
    int lines = ALONG_DEPTH ? extent : depth, length = ALONG_DEPTH ? depth : extent;
    return {numbers, lines, length, length, vectors};
}

// An operand on its way into shared memory, where it lies depth by depth.
template <class Operand, int EXTENT, int DEPTH, int THREADS>
class Carrier {
  public:
    // Keeps 16 bytes aligned, and numbers that come along the depth out of each other's banks.
    static constexpr int STRIDE = EXTENT + 4, SIZE = DEPTH * STRIDE;

    __device__ __forceinline__ void fetch(const Operand& operand, int first, int depth) {
        each([&](int i, int j, float4& four) { four = operand.four(first + i, depth + j); });
    }
    __device__ __forceinline__ void store(float* to) {
        each([&](int i, int j, float4& four) {
            float* place = to + j * STRIDE + i;
            if (Operand::ALONG_DEPTH) {
                place[0] = four.x;
                place[STRIDE] = four.y;
                place[2 * STRIDE] = four.z;
                place[3 * STRIDE] = four.w;
            } else {
                *reinterpret_cast<float4*>(place) = four;
            }
        });
    }

  private:
    static constexpr int FOURS = EXTENT * DEPTH / 4, OF_THREAD = (FOURS + THREADS - 1) / THREADS;
    float4 fours[OF_THREAD];

    template <class F>
    __device__ __forceinline__ void each(F f) {
#pragma unroll
        for (int u = 0; u < OF_THREAD; u++) {
            int four = u * THREADS + threadIdx.x;
            if (FOURS % THREADS && four >= FOURS) continue;
            if (Operand::ALONG_DEPTH)
                f(four / (DEPTH / 4), four % (DEPTH / 4) * 4, fours[u]);
            else
                f(four % (EXTENT / 4) * 4, four / (EXTENT / 4), fours[u]);
        }
    }
};

template <int SIZE>
__device__ __forceinline__ void read_fours(float (&numbers)[SIZE], const float* from, int apart) {
#pragma unroll
    for (int i = 0; i < SIZE; i += 4) {
        float4 four = *reinterpret_cast<const float4*>(from + i / 4 * apart);
        numbers[i] = four.x;
        numbers[i + 1] = four.y;
        numbers[i + 2] = four.z;
        numbers[i + 3] = four.w;
    }
}

// This thread's sums over the depths from `from` to before `to`, for the tile that begins at a row and a column.
// LEAVING_OUT says that A has numbers that do not exist.
template <class T, bool LEAVING_OUT, class A, class B>
__device__ __forceinline__ void multiply(float (&sums)[T::HEIGHT][T::WIDTH], const A& a, const B& b, int row,
                                         int column, int from, int to) {
#pragma unroll
    for (int i = 0; i < T::HEIGHT; i++)
#pragma unroll
        for (int j = 0; j < T::WIDTH; j++) sums[i][j] = 0;
    if (from >= to) return;

    using OfA = Carrier<A, T::ROWS, T::DEPTH, T::THREADS>;
    using OfB = Carrier<B, T::COLUMNS, T::DEPTH, T::THREADS>;
    OfA next_a;
    OfB next_b;
    float* shared = dynamic_shared<float>();
    next_a.fetch(a, row, from);
    next_b.fetch(b, column, from);
    next_a.store(shared);
    next_b.store(shared + OfA::SIZE);
    __syncthreads();
    for (int depth = from, half = 0; depth < to; depth += T::DEPTH, half ^= 1) {
        bool more = depth + T::DEPTH < to;
        if (more) {
            next_a.fetch(a, row, depth + T::DEPTH);
            next_b.fetch(b, column, depth + T::DEPTH);
        }
        const float* of_a = shared + half * (OfA::SIZE + OfB::SIZE) + T::row(0);
        const float* of_b = shared + half * (OfA::SIZE + OfB::SIZE) + OfA::SIZE + T::column(0);
#pragma unroll 8
        for (int k = 0; k < T::DEPTH; k++) {
            float rows[T::HEIGHT], columns[T::WIDTH];
            read_fours(rows, of_a + k * OfA::STRIDE, T::row(4) - T::row(0));
            read_fours(columns, of_b + k * OfB::STRIDE, T::column(4) - T::column(0));
#pragma unroll
            for (int i = 0; i < T::HEIGHT; i++)
#pragma unroll
                for (int j = 0; j < T::WIDTH; j++)
                    if (!LEAVING_OUT || __float_as_uint(rows[i]) != NOTHING) sums[i][j] += rows[i] * columns[j];
        }
        if (more) {
            float* other = shared + (half ^ 1) * (OfA::SIZE + OfB::SIZE);
            next_a.store(other);
            next_b.store(other + OfA::SIZE);
        }
        __syncthreads();  // the other half is full, and this one is read
    }
}

// Hands the sums on: put(row, column, four sums side by side), for rows and first columns that exist.
template <class T, class F>
__device__ __forceinline__ void each_four(const float (&sums)[T::HEIGHT][T::WIDTH], int row, int column, int rows,
                                          int columns, F put) {
#pragma unroll
    for (int i = 0; i < T::HEIGHT; i++)
#pragma unroll
        for (int j = 0; j < T::WIDTH; j += 4)
            if (row + T::row(i) < rows && column + T::column(j) < columns)
                put(row + T::row(i), column + T::column(j),
                    make_float4(sums[i][j], sums[i][j + 1], sums[i][j + 2], sums[i][j + 3]));
}

// Whether it holds for any thread of the block, all of which ask; the shared memory is free again afterwards.
template <int THREADS>
__device__ __forceinline__ bool any_of_block(bool holds) {
    unsigned* votes = dynamic_shared<unsigned>();
    unsigned vote = __ballot_sync(~0u, holds);
    if (threadIdx.x % 32 == 0) votes[threadIdx.x / 32] = vote;
    __syncthreads();
    vote = 0;
    for (int warp = 0; warp < THREADS / 32; warp++) vote |= votes[warp];
    __syncthreads();
    return vote != 0;
}

template <int HEIGHT, int WIDTH>
__device__ __forceinline__ bool any_nan(const float (&sums)[HEIGHT][WIDTH]) {
    bool any = false;
#pragma unroll
    for (int i = 0; i < HEIGHT; i++)
#pragma unroll
        for (int j = 0; j < WIDTH; j++) any |= sums[i][j] != sums[i][j];
    return any;
}

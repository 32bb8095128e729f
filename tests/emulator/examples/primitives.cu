// What is in primitives.cuh, a kernel each, for one warp.
#include <primitives.cuh>

__global__ void rounded(const float* x, int n, float* y) {
    for (int i = threadIdx.x; i < n; i += 32) y[i] = __uint_as_float(to_tf32(x[i]));
}

// D (16, 8) += A (16, 8)·B (8, 8), all row-major. The lanes take the bits as they are: the tensor cores round.
__global__ void product(const unsigned* a, const unsigned* b, float* d) {
    int g = threadIdx.x / 4, t = threadIdx.x % 4;
    unsigned of_a[4], of_b[2];
    float of_d[4];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            of_a[2 * j + i] = a[(g + 8 * i) * 8 + t + 4 * j];
            of_d[2 * i + j] = d[(g + 8 * i) * 8 + 2 * t + j];
        }
    for (int j = 0; j < 2; j++) of_b[j] = b[(t + 4 * j) * 8 + g];
    mma_tf32(of_d, of_a, of_b);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) d[(g + 8 * i) * 8 + 2 * t + j] = of_d[2 * i + j];
}

// y (32, 4): what each lane gets of the matrices whose rows lie at x + 4·row[lane].
__global__ void matrices(const unsigned* x, const int* row, unsigned* y) {
    unsigned* tile = dynamic_shared<unsigned>();
    for (int i = 0; i < 4; i++) tile[4 * threadIdx.x + i] = x[4 * threadIdx.x + i];
    __syncwarp();
    unsigned rows[4];
    load_matrices(rows, tile + 4 * row[threadIdx.x]);
    for (int m = 0; m < 4; m++) y[4 * threadIdx.x + m] = rows[m];
}

// y = x (32, 4) where the lane is present, else 0. Two groups of copies, of which the first is waited for, then both.
__global__ void copies(const float* x, const int* present, float* y) {
    float* tile = dynamic_shared<float>();
    for (int group = 0; group < 2; group++) {
        int i = 4 * threadIdx.x + 128 * group;
        copy_async(tile + i, x + i, present[threadIdx.x + 32 * group]);
        end_group_of_copies();
    }
    wait_for_copies<1>();
    for (int i = 0; i < 4; i++) y[4 * threadIdx.x + i] = tile[4 * threadIdx.x + i];
    wait_for_copies<0>();
    for (int i = 0; i < 4; i++) y[4 * threadIdx.x + i + 128] = tile[4 * threadIdx.x + i + 128];
}

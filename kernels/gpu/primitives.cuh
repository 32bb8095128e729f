// The instructions that CUDA C++ has no words for: all PTX of this project.
#pragma once

// The memory that the threads of a block share, as much of it as the launch gives.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
    extern __shared__ __align__(128) unsigned char memory[];
    return reinterpret_cast<T*>(memory);
}

// Rounds to TF32, with 10 bits of mantissa, ties away from zero.
__device__ __forceinline__ unsigned to_tf32(float value) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
}

// D += A·B with A (16, 8) and B (8, 8), by the 32 lanes of a warp. Lane 4g + t holds A[g + 8i][t + 4j] in a[2j + i],
// B[t + 4j][g] in b[j], and D[g + 8i][2t + j] in d[2i + j].
__device__ __forceinline__ void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Four matrices of 8 rows of 16 bytes: lane 8m + r gives the address of row r of matrix m in shared memory, and lane
// 4g + t gets the 4 bytes at place t of row g of each.
__device__ __forceinline__ void load_matrices(unsigned (&rows)[4], const void* row) {
    unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(rows[0]), "=r"(rows[1]), "=r"(rows[2]), "=r"(rows[3])
                 : "r"(address));
}

// 16 bytes on their way to shared memory, or zeros where there is nothing to copy.
__device__ __forceinline__ void copy_async(void* to, const void* from, bool present) {
    unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :
                 : "r"(address), "l"(from), "r"(present ? 16 : 0)
                 : "memory");
}
__device__ __forceinline__ void end_group_of_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until all but the last N groups of this thread's copies are there.
template <int N>
__device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" :: "n"(N) : "memory");
}

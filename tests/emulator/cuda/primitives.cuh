// The twins of kernels/gpu/primitives.cuh: what each instruction does, on the processor.
#pragma once
#include "language.h"

template <class T>
T* dynamic_shared() { return reinterpret_cast<T*>(emulator::shared_memory); }

// Rounds to 10 bits of mantissa, ties away from zero; NaN and infinity stay.
inline unsigned to_tf32(float value) {
    unsigned bits = __float_as_uint(value);
    bool finite = (bits & 0x7f800000u) != 0x7f800000u;
    return finite ? (bits + 0x1000u) & 0xffffe000u : bits;
}

// The tensor cores do not look at the lower 13 bits.
inline float as_tf32(unsigned bits) { return __uint_as_float(bits & 0xffffe000u); }

// D += A·B with A (16, 8) and B (8, 8). Lane 4g + t holds A[g + 8i][t + 4j] in a[2j + i], B[t + 4j][g] in b[j], and
// D[g + 8i][2t + j] in d[2i + j].
inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                     emulator::Place place = emulator::here()) {
    struct Fragments {
        unsigned a[4], b[2];
    } ours;
    memcpy(ours.a, a, sizeof a);
    memcpy(ours.b, b, sizeof b);
    int parity = emulator::show(~0u, ours, place), g = emulator::current->lane / 4, t = emulator::current->lane % 4;
    auto of = [&](int lane) { return emulator::shown<Fragments>(parity, lane); };
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            float sum = 0;
            for (int k = 0; k < 8; k++)
                sum += as_tf32(of(4 * g + k % 4).a[k / 4 * 2 + i]) * as_tf32(of(4 * (2 * t + j) + k % 4).b[k / 4]);
            d[2 * i + j] += sum;
        }
}

// Four matrices of 8 rows of 16 bytes: lane 8m + r gives the address of row r of matrix m, and lane 4g + t gets the
// 4 bytes at place t of row g of each.
inline void load_matrices(unsigned (&rows)[4], const void* row, emulator::Place place = emulator::here()) {
    if (reinterpret_cast<uintptr_t>(row) % 16) emulator::fail("load_matrices: a row that is not aligned to 16 bytes");
    int parity = emulator::show(~0u, row, place), g = emulator::current->lane / 4, t = emulator::current->lane % 4;
    for (int m = 0; m < 4; m++) rows[m] = static_cast<const unsigned*>(emulator::shown<const void*>(parity, 8 * m + g))[t];
}

// 16 bytes on their way to shared memory, or zeros where there is nothing to copy. They may arrive at once, or as late as
// somebody waits for them: the schedule chooses.
inline void arrive(const emulator::Copy& copy) {
    if (copy.present)
        memcpy(copy.to, copy.from, 16);
    else
        memset(copy.to, 0, 16);
}
__attribute__((noinline)) inline void copy_async(void* to, const void* from, bool present) {
    bool aligned = reinterpret_cast<uintptr_t>(to) % 16 == 0 && (!present || reinterpret_cast<uintptr_t>(from) % 16 == 0);
    if (!aligned) emulator::fail("copy_async: an address that is not aligned to 16 bytes");
    emulator::note(to, 16, true, __builtin_return_address(0));
    if (present) emulator::note(from, 16, false, __builtin_return_address(0));
    emulator::Copy copy{to, from, present, emulator::current->group};
    if (emulator::hurries())
        arrive(copy);
    else
        emulator::current->copies.push_back(copy);
}
inline void end_group_of_copies() { emulator::current->group++; }

// Waits until all but the last N groups of this thread's copies are there.
template <int N>
void wait_for_copies() {
    auto& copies = emulator::current->copies;
    auto due = [](const emulator::Copy& copy) { return copy.group < emulator::current->group - N; };
    auto end = std::find_if_not(copies.begin(), copies.end(), due);
    std::for_each(copies.begin(), end, arrive);
    copies.erase(copies.begin(), end);
}

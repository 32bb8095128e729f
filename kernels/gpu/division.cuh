// Division by a number that is the same for all threads, without the twenty instructions of a division.
#pragma once

struct Divisor {
    int divisor;
    unsigned factor;
    int shift;

    // ⌊n / divisor⌋ for 0 ≤ n < 2³¹ (division.py chooses factor and shift)
    __device__ __forceinline__ int quotient(int n) const {
        return static_cast<int>(static_cast<unsigned long long>(n) * factor >> shift);
    }
};

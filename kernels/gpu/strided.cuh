// Where the numbers of an array lie that is a part of another one, or is turned or repeated.
#pragma once
#include <division.cuh>

constexpr int MOST_AXES = 8;

struct Strided {
    int axes;
    Divisor shape[MOST_AXES];  // the innermost axis first
    int strides[MOST_AXES];    // in numbers, not bytes; 0 repeats

    // Of the i-th number in row-major order. The loop is unrolled, for an array with a changing index would not be kept
    // in registers; of the outermost axis the rest of a division is the number itself.
    __device__ __forceinline__ long long place(int i) const {
        long long place = 0;
#pragma unroll
        for (int axis = 0; axis < MOST_AXES - 1; axis++) {
            if (axis + 1 >= axes) return place + static_cast<long long>(i) * strides[axis];
            int outer = shape[axis].quotient(i);
            place += static_cast<long long>(i - outer * shape[axis].divisor) * strides[axis];
            i = outer;
        }
        return place + static_cast<long long>(i) * strides[MOST_AXES - 1];
    }
};

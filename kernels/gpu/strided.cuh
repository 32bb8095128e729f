// Where the numbers of an array lie that is a part of another one, or is turned or repeated.
#pragma once

constexpr int MOST_AXES = 8;

struct Strided {
    int axes;
    int shape[MOST_AXES];
    int strides[MOST_AXES];  // in numbers, not bytes; 0 repeats

    // Of the i-th number in row-major order.
    __device__ __forceinline__ long long place(int i) const {
        long long place = 0;
        for (int axis = axes - 1; axis >= 0; axis--) {
            place += static_cast<long long>(i % shape[axis]) * strides[axis];
            i /= shape[axis];
        }
        return place;
    }
};

// What becomes of a sum before it is written: a bias, a ReLU, the gradient of a ReLU.
#pragma once

struct Finish {
    const float* __restrict__ bias;  // of the columns; or null
    const float* __restrict__ mask;  // what a ReLU gave, in the order of the results; or null
    bool relu;

    __device__ __forceinline__ float operator()(float sum, int column, long long place) const {
        if (bias) sum += bias[column];
        if (relu) sum = sum < 0 ? 0 : sum;
        if (mask) sum = mask[place] > 0 ? sum : mask[place] <= 0 ? 0 : mask[place];
        return sum;
    }
    // Writes four sums of a row, or as many as there are columns left. `vectors` says that 16 bytes may be written.
    __device__ __forceinline__ void write(float* __restrict__ y, long long place, int column, int columns, float4 sums,
                                          bool vectors) const {
        sums = make_float4((*this)(sums.x, column, place),
                           column + 1 < columns ? (*this)(sums.y, column + 1, place + 1) : 0,
                           column + 2 < columns ? (*this)(sums.z, column + 2, place + 2) : 0,
                           column + 3 < columns ? (*this)(sums.w, column + 3, place + 3) : 0);
        if (vectors) {
            *reinterpret_cast<float4*>(y + place) = sums;
            return;
        }
        y[place] = sums.x;
        if (column + 1 < columns) y[place + 1] = sums.y;
        if (column + 2 < columns) y[place + 2] = sums.z;
        if (column + 3 < columns) y[place + 3] = sums.w;
    }
};

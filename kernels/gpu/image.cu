// Affine transforms: each number of the result is mixed from up to four of the image.
#include <division.cuh>
#include <elementwise.cuh>

// In the order of the contract's lists of names.
enum Fill { CONSTANT, NEAREST, REFLECT, WRAP };
enum Interpolation { NEAREST_PIXEL, BILINEAR };
enum Ends { EDGES, CENTRES };

struct Images {
    const float* numbers;
    int height, width, channels;
    float fill;

    // Of an image and channel; the fill value outside.
    __device__ __forceinline__ float at(int n, int row, int column, int channel) const {
        if (row < 0 || row >= height || column < 0 || column >= width) return fill;
        return numbers[((static_cast<long long>(n) * height + row) * width + column) * channels + channel];
    }
};

// Products are not to be fused with sums, for every backend has to look at the same place.
template <class T>
__device__ __forceinline__ double position(const T* m, int p, int q) {
    return __dadd_rn(__dadd_rn(__dmul_rn(m[0], p), m[2]), __dmul_rn(m[1], q));
}

// The position in [−1, size] that shows the same: from −1 down and from `size` up there is nothing but fill.
__device__ __forceinline__ double within(double position, int size, Fill mode, Ends ends) {
    double last = size - 1;
    if (mode == CONSTANT) {
        if (ends == CENTRES && !(position >= 0 && position <= last)) return -1;
        return fmin(fmax(position, -1.0), static_cast<double>(size));
    }
    if (mode == REFLECT) {
        double period = 2.0 * size;
        position -= __dmul_rn(period, floor(position / period));
        if (position >= size) position = period - 1 - position;
    } else if (mode == WRAP && last > 0) {
        double gap = ends == EDGES ? 1 : 0;  // from the last pixel to the first
        double period = last + gap;
        if (position < 0)
            position += __dmul_rn(period, ceil(-position / period));
        else if (position > last)
            position -= __dmul_rn(period, floor((position + gap) / period));
    }
    return fmin(fmax(position, 0.0), last);
}

// The nearest whole number, of two the one farther from 0.
__device__ __forceinline__ double nearest(double position) {
    return position >= 0 ? floor(position + 0.5) : ceil(position - 0.5);
}

// A part of b and the rest of a; b without a part is not asked for, NaN or beyond memory as it may be.
template <class A, class B>
__device__ __forceinline__ float mixed(double part, A a, B b) {
    return part > 0 ? static_cast<float>(1 - part) * a() + static_cast<float>(part) * b() : a();
}

__device__ __forceinline__ float pixel(const Images& images, int n, double row, double column, int channel) {
    double i = floor(row), j = floor(column);
    int top = static_cast<int>(i), left = static_cast<int>(j);
    auto line = [&](int at) {
        return mixed(
            column - j, [&] { return images.at(n, at, left, channel); },
            [&] { return images.at(n, at, left + 1, channel); });
    };
    return mixed(row - i, [&] { return line(top); }, [&] { return line(top + 1); });
}

// Threads stand along the numbers of y, so that neighbours write neighbours, and read what lies close together too.
template <class T>
__global__ void affine_transform(const float* __restrict__ x, const T* __restrict__ matrices, float* __restrict__ y, int n,
                                 int height, int width, Divisor channels, Divisor rows, Divisor columns, int mode,
                                 int interpolation, int ends, float fill) {
    Images images{x, height, width, channels.divisor, fill};
    each(n, [=](int i) {
        int pixel_of_y = channels.quotient(i), channel = i - pixel_of_y * channels.divisor;
        int row_of_y = columns.quotient(pixel_of_y), q = pixel_of_y - row_of_y * columns.divisor;
        int image = rows.quotient(row_of_y), p = row_of_y - image * rows.divisor;
        double h = position(matrices + 6 * image, p, q), v = position(matrices + 6 * image + 3, p, q);
        if (h - h != 0 || v - v != 0) {  // not finite
            y[i] = __int_as_float(0x7fc00000);
            return;
        }
        h = within(h, height, static_cast<Fill>(mode), static_cast<Ends>(ends));
        v = within(v, width, static_cast<Fill>(mode), static_cast<Ends>(ends));
        if (interpolation == NEAREST_PIXEL) h = nearest(h), v = nearest(v);
        y[i] = pixel(images, image, h, v, channel);
    });
}

// Convolution and its gradients where a group has few channels, down to one ("depthwise"), or sums are short: tiles of
// a matrix product would be all but empty. A thread computes a result; its neighbours read the channels beside its own.
#include <elementwise.cuh>
#include <finish.cuh>
#include <windows.cuh>

using Numbers = const float* __restrict__;
using Results = float* __restrict__;

// The taps of a window at a position: f(tap row, tap column, pixel), the pixel −1 if it does not exist.
template <class F>
__device__ __forceinline__ void each_tap(const Axis& rows, const Axis& columns, int position, F f) {
    int image = position, q = rest(image, columns.by_positions), p = rest(image, rows.by_positions);
    for (int r = 0; r < rows.taps; r++)
        for (int s = 0; s < columns.taps; s++) {
            int h = rows.pixel(p, r), v = columns.pixel(q, s);
            f(r, s, rows.has(h) && columns.has(v) ? (image * rows.size + h) * columns.size + v : -1);
        }
}

__global__ void grouped_conv2d(Numbers x, Numbers w, Numbers b, Results y, int n, int relu, Convolution c) {
    const Axis &rows = c.rows[0], &columns = c.columns[0];
    Finish finish{b, nullptr, relu != 0};
    each(n, [&](int i) {
        int position = i, filter = rest(position, c.all_outputs);
        int channel = c.outputs.quotient(filter) * c.inputs.divisor;
        float sum = 0;
        each_tap(rows, columns, position, [&](int r, int s, int pixel) {
            Numbers weights = w + (r * columns.taps + s) * c.inputs.divisor * c.all_outputs.divisor + filter;
            Numbers numbers = x + static_cast<long long>(pixel) * c.all_inputs.divisor + channel;
            for (int j = 0; j < c.inputs.divisor; j++)
                sum += (pixel < 0 ? 0 : numbers[j]) * weights[j * c.all_outputs.divisor];
        });
        y[i] = finish(sum, filter, i);
    });
}

// Blocks: x the pixels of a phase and their channels, y the phases.
__global__ void grouped_input_grad(Numbers dy, Numbers w, Numbers mask, Results dx, Convolution c) {
    const Axis &rows = c.rows[blockIdx.y / c.column_phases], &columns = c.columns[blockIdx.y % c.column_phases];
    Finish finish{nullptr, mask, false};
    each(c.images * rows.by_positions.divisor * columns.by_positions.divisor * c.all_outputs.divisor, [&](int i) {
        int position = i, channel = rest(position, c.all_outputs);
        int group = channel, of_group = rest(group, c.outputs), filter = group * c.inputs.divisor;
        float sum = 0;
        each_tap(rows, columns, position, [&](int r, int s, int pixel) {
            if (pixel < 0) return;
            int tap = rows.weight(r) * c.window_columns + columns.weight(s);
            Numbers weights = w + (tap * c.outputs.divisor + of_group) * c.all_inputs.divisor + filter;
            Numbers gradients = dy + static_cast<long long>(pixel) * c.all_inputs.divisor + filter;
            for (int j = 0; j < c.inputs.divisor; j++) sum += gradients[j] * weights[j];
        });
        int image = position, q = rest(image, columns.by_positions), p = rest(image, rows.by_positions);
        int pixel = (image * c.height + rows.result(p)) * c.width + columns.result(q);
        long long place = static_cast<long long>(pixel) * c.all_outputs.divisor + channel;
        dx[place] = finish(sum, channel, place);
    });
}

constexpr int LANES = 32, WARPS = 8;  // of a block: filters side by side, and positions at a time

// Blocks: x filters, y the weights of one filter, z parts of the positions, whose sums are added afterwards.
__global__ void __launch_bounds__(LANES* WARPS) grouped_weight_grad(Numbers x, Numbers dy, Results dw, Convolution c) {
    const Axis &rows = c.rows[0], &columns = c.columns[0];
    int filter = blockIdx.x * LANES + threadIdx.x, filters = c.all_outputs.divisor;
    int r = blockIdx.y, channel = rest(r, c.inputs), s = rest(r, columns.by_taps);
    int positions = c.images * rows.by_positions.divisor * columns.by_positions.divisor;
    int from = min(static_cast<int>(blockIdx.z) * c.part, positions), to = min(from + c.part, positions);
    float sum = 0;
    if (filter < filters) {
        channel += c.outputs.quotient(filter) * c.inputs.divisor;
        for (int position = from + threadIdx.y; position < to; position += WARPS) {
            int image = position, q = rest(image, columns.by_positions), p = rest(image, rows.by_positions);
            int h = rows.pixel(p, r), v = columns.pixel(q, s);
            int pixel = (image * rows.size + h) * columns.size + v;
            bool exists = rows.has(h) && columns.has(v);
            float number = exists ? x[static_cast<long long>(pixel) * c.all_inputs.divisor + channel] : 0;
            sum += number * dy[static_cast<long long>(position) * filters + filter];
        }
    }
    float* sums = dynamic_shared<float>();
    sums[threadIdx.y * LANES + threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y || filter >= filters) return;
    for (int warp = 1; warp < WARPS; warp++) sum += sums[warp * LANES + threadIdx.x];
    dw[(static_cast<long long>(blockIdx.z) * gridDim.y + blockIdx.y) * filters + filter] = sum;
}

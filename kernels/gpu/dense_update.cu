// An optimizer's step on the weights of a dense layer, by the threads that have computed their gradients: these are
// never in memory.
#include <optimizer.cuh>
#include <products.cuh>

using Numbers = const float* __restrict__;
using State = float* __restrict__;
using Rates = const double* __restrict__;

template <class T, class Optimizer>
__device__ __forceinline__ void step_weights(Numbers x, Numbers dy, State w, const Optimizer& optimizer, const Product& p) {
    each_four_of_product<T, false, false>(x, dy, p, [&](int row, int column, float4 four) {
        const float gradients[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int j = 0; j < 4; j++)
            if (column + j < p.columns) optimizer.step(w, gradients[j], row * p.columns + column + j);
    });
}

template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    sgd(Numbers x, Numbers dy, State w, State velocity, Rates rates, Product p) {
    step_weights<T>(x, dy, w, Sgd(rates, velocity), p);
}

template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    rmsprop(Numbers x, Numbers dy, State w, State mean_square, State mean_gradient, State velocity, Rates rates,
            Product p) {
    step_weights<T>(x, dy, w, RmsProp(rates, mean_square, mean_gradient, velocity), p);
}

template <class T>
__global__ void __launch_bounds__(T::THREADS, T::BLOCKS)
    adam(Numbers x, Numbers dy, State w, State m, State v, State v_max, Rates rates, Product p) {
    step_weights<T>(x, dy, w, Adam(rates, m, v, v_max), p);
}

// Optimizers' steps, in place, a parameter a thread.
#include <elementwise.cuh>
#include <optimizer.cuh>

using State = float* __restrict__;
using Numbers = const float* __restrict__;
using Rates = const double* __restrict__;

__global__ void sgd(State w, Numbers g, State velocity, Rates rates, int n) {
    Sgd optimizer(rates, velocity);
    each(n, [=](int i) { optimizer.step(w, g[i], i); });
}

__global__ void rmsprop(
    State w, Numbers g, State mean_square, State mean_gradient, State velocity, Rates rates, int n
) {
    RmsProp optimizer(rates, mean_square, mean_gradient, velocity);
    each(n, [=](int i) { optimizer.step(w, g[i], i); });
}

__global__ void adam(State w, Numbers g, State m, State v, State v_max, Rates rates, int n) {
    Adam optimizer(rates, m, v, v_max);
    each(n, [=](int i) { optimizer.step(w, g[i], i); });
}

// Optimizers' steps, in place, on many variables in one launch: a small network's would be too little for one each.
#include <optimizer.cuh>

constexpr int MOST_VARIABLES = 64;  // a launch's arguments may have 4 KB
constexpr int MOST_STATES = 3;

struct Variable {
    float* w;
    const float* g;
    float* states[MOST_STATES];
    const double* rates;
    int n, end;  // numbers, and the block after its last
};

struct Variables {
    int count;
    Variable of[MOST_VARIABLES];
};

// Steps the numbers of the variable whose block this is, as make_optimizer(variable) does it.
template <class F>
__device__ __forceinline__ void step_own(const Variables& variables, F make_optimizer) {
    int k = 0, block = blockIdx.x;
    while (block >= variables.of[k].end) k++;
    const Variable& variable = variables.of[k];
    int first = k ? variables.of[k - 1].end : 0, step = (variable.end - first) * blockDim.x;
    auto optimizer = make_optimizer(variable);
    for (long long i = (block - first) * blockDim.x + threadIdx.x; i < variable.n; i += step)
        optimizer.step(variable.w, variable.g[i], i);
}

__global__ void sgd(Variables variables) {
    step_own(variables, [](const Variable& v) { return Sgd(v.rates, v.states[0]); });
}

__global__ void rmsprop(Variables variables) {
    step_own(variables, [](const Variable& v) { return RmsProp(v.rates, v.states[0], v.states[1], v.states[2]); });
}

__global__ void adam(Variables variables) {
    step_own(variables, [](const Variable& v) { return Adam(v.rates, v.states[0], v.states[1], v.states[2]); });
}

// One step of each optimizer: step(w, g, i) changes parameter i, whose gradient is g, and what is remembered of it.
//
// The rates are those of kernels/rates.py, read from the device's memory, so that a launch that is played again steps
// with the numbers of its time. A pointer to a state is null where the optimizer does without it.
#pragma once

struct Sgd {
    float rate, mu;
    bool nesterov;
    float* u;

    __device__ Sgd(const double* rates, float* velocity)
        : rate(rates[0]), mu(rates[1]), nesterov(rates[2] != 0), u(velocity) {}

    // w ← w − η·g, or u ← μ·u − η·g and w ← w + u, Nesterov's w ← w + μ·u − η·g
    __device__ __forceinline__ void step(float* w, float g, int i) const {
        float change = rate * g;
        if (!u) {
            w[i] -= change;
            return;
        }
        float velocity = mu * u[i] - change;
        u[i] = velocity;
        w[i] = nesterov ? w[i] - change + mu * velocity : w[i] + velocity;
    }
};

struct RmsProp {
    float rate, old, fresh, mu, epsilon;
    float *s, *a, *u;

    __device__ RmsProp(const double* rates, float* mean_square, float* mean_gradient, float* velocity)
        : rate(rates[0]), old(rates[1]), fresh(1 - rates[1]), mu(rates[2]), epsilon(rates[3]),
          s(mean_square), a(mean_gradient), u(velocity) {}

    // s ← ρ·s + (1 − ρ)·g², step = η·g / √(s + ε), centred: a ← ρ·a + (1 − ρ)·g and √(s − a² + ε)
    __device__ __forceinline__ void step(float* w, float g, int i) const {
        float variance = old * s[i] + fresh * (g * g);
        s[i] = variance;
        if (a) {
            float mean = old * a[i] + fresh * g;
            a[i] = mean;
            variance -= mean * mean;
        }
        float change = g / sqrtf(variance + epsilon) * rate;
        if (u) u[i] = change = mu * u[i] + change;
        w[i] -= change;
    }
};

struct Adam {
    float rate, old_m, fresh_m, old_v, fresh_v, epsilon, kept;
    float *m, *v, *v_max;

    __device__ Adam(const double* rates, float* m, float* v, float* v_max)
        : rate(rates[0]), old_m(rates[1]), fresh_m(1 - rates[1]), old_v(rates[2]), fresh_v(1 - rates[2]),
          epsilon(rates[3]), kept(rates[4]), m(m), v(v), v_max(v_max) {}

    // m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← (1 − η·λ)·w − η_t·m / (√v + ε)
    __device__ __forceinline__ void step(float* w, float g, int i) const {
        float mean = old_m * m[i] + fresh_m * g, square = old_v * v[i] + fresh_v * (g * g);
        m[i] = mean;
        v[i] = square;
        if (v_max) {
            float largest = v_max[i];  // a NaN among them stays
            v_max[i] = square = largest >= square || largest != largest ? largest : square;
        }
        w[i] = kept * w[i] - mean / (sqrtf(square) + epsilon) * rate;
    }
};

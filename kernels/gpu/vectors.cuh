// Neighbours in memory that a thread takes at once: channels that lie side by side, up to 16 bytes.
#pragma once

template <class T, int V>
struct __align__(sizeof(T) * V < 16 ? sizeof(T) * V : 16) Vector {
    T numbers[V];

    __device__ __forceinline__ T& operator[](int j) { return numbers[j]; }
    __device__ __forceinline__ const T& operator[](int j) const { return numbers[j]; }
};

template <int V, class T>
__device__ __forceinline__ Vector<T, V> filled(T number) {
    Vector<T, V> vector;
    for (int j = 0; j < V; j++) vector[j] = number;
    return vector;
}

template <int V, class T>
__device__ __forceinline__ Vector<T, V> load(const T* at) {
    return *reinterpret_cast<const Vector<T, V>*>(at);
}

template <class T, int V>
__device__ __forceinline__ void store(T* at, const Vector<T, V>& vector) {
    *reinterpret_cast<Vector<T, V>*>(at) = vector;
}

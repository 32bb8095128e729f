// A block of CUDA threads, each a fiber, run one at a time in an order that a schedule chooses.
//
// A thread runs until it waits for others. A missing barrier shows because whole warps run ahead of the others, first or
// last to first, or by chance; a lock step of all threads would hide it.
#pragma once
#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "fibers.h"

struct dim3 {
    unsigned x, y, z;
};

namespace emulator {

enum class Schedule { forward, backward, random };
enum class State { runs, waits_for_block, waits_for_warp, done };

class Chance {  // a linear congruential generator, Knuth's constants
  public:
    explicit Chance(uint64_t seed) : state(seed) {}
    unsigned below(unsigned n) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<unsigned>(state >> 33) % n;
    }

  private:
    uint64_t state;
};

struct Place {  // in a source
    const char* file;
    int line;
    bool operator!=(const Place& other) const { return line != other.line || strcmp(file, other.file) != 0; }
};

// Where the caller's caller is, as a default argument.
inline Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }

struct Barrier {
    unsigned round;  // how often it has opened
    unsigned arrived;
    Place place;     // of those who wait
};

struct Copy {  // an asynchronous one, not yet done
    void* to;
    const void* from;
    bool present;  // else zeros come
    int group;
};

struct Thread {
    Fiber fiber;
    dim3 index;
    int lane, warp;
    State state;
    unsigned round;  // of the barrier at which it waits
    std::vector<Copy> copies;
    int group;
};

struct Warp {
    unsigned live;  // lanes
    Barrier barrier;
    uint64_t slots[2][32][8];  // what the lanes show each other: two sets, for the fast ones are in the next exchange
    unsigned shown[2];         // by which lanes
};

inline std::vector<Thread> threads;
inline std::vector<Warp> warps;
inline Thread* current;
inline dim3 block_index, block_size, grid_size;
inline unsigned block_number;  // 1, 2, … in the order in which they run
inline int live;
inline Barrier block_barrier;
inline Schedule schedule;
inline Chance chance(0);
inline char* shared_memory;
inline size_t shared_bytes;

// Whether what may happen now or later happens now.
inline bool hurries() {
    return schedule == Schedule::backward || (schedule == Schedule::random && chance.below(2));
}

inline void (*body)();  // what each thread runs
inline sigjmp_buf way_out;
inline char message[512];

[[noreturn]] inline void fail(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const dim3 &b = block_index, t = current ? current->index : dim3{0, 0, 0};
    snprintf(message + length, sizeof message - length, " (block %u,%u,%u, thread %u,%u,%u)", b.x, b.y, b.z, t.x, t.y, t.z);
    siglongjmp(way_out, 1);
}

inline void open(Barrier& barrier) {
    barrier.arrived = 0;
    barrier.round++;
}

// All that wait have to wait at the same place of the source.
inline void arrive(Barrier& barrier, const Place& place) {
    const Place& other = barrier.place;
    if (barrier.arrived++ && place != other)
        fail("some wait at %s:%d while others wait at %s:%d", other.file, other.line, place.file, place.line);
    barrier.place = place;
}

inline void suspend(State state, const Barrier& barrier) {
    current->state = state;
    current->round = barrier.round;
    current->fiber.suspend();
    current->state = State::runs;
}

inline void wait_for_block(const Place& place) {
    arrive(block_barrier, place);
    if (block_barrier.arrived == static_cast<unsigned>(live)) return open(block_barrier);
    suspend(State::waits_for_block, block_barrier);
}

inline void wait_for_warp(unsigned mask, const Place& place) {
    if (mask != ~0u) fail("a mask of %08x: the emulator knows whole warps only", mask);
    Warp& warp = warps[current->warp];
    arrive(warp.barrier, place);
    if (warp.barrier.arrived == static_cast<unsigned>(__builtin_popcount(warp.live))) return open(warp.barrier);
    suspend(State::waits_for_warp, warp.barrier);
}

// Show the other lanes a value; `shown` then gives theirs, until the exchange after the next.
template <class T>
int show(unsigned mask, const T& value, const Place& place) {
    static_assert(sizeof(T) <= sizeof Warp::slots[0][0], "too large to be exchanged");
    Warp& warp = warps[current->warp];
    int parity = warp.barrier.round % 2;
    if (!warp.barrier.arrived) warp.shown[parity] = 0;
    warp.shown[parity] |= 1u << current->lane;
    memcpy(warp.slots[parity][current->lane], &value, sizeof value);
    wait_for_warp(mask, place);
    return parity;
}

inline bool has_shown(int parity, int lane) { return warps[current->warp].shown[parity] >> lane & 1; }

template <class T>
T shown(int parity, int lane) {
    if (!has_shown(parity, lane)) fail("lane %d is asked for a value, and there is no such lane any more", lane);
    T value;
    memcpy(&value, warps[current->warp].slots[parity][lane], sizeof value);
    return value;
}

inline void run_thread() {
    body();
    current->state = State::done;
    Warp& warp = warps[current->warp];
    warp.live &= ~(1u << current->lane);  // who has ended is waited for no more
    if (--live && block_barrier.arrived == static_cast<unsigned>(live)) open(block_barrier);
    if (warp.live && warp.barrier.arrived == static_cast<unsigned>(__builtin_popcount(warp.live))) open(warp.barrier);
    current->fiber.suspend();
}

inline void prepare_block() {
    live = block_size.x * block_size.y * block_size.z;
    block_barrier = {};
    warps.assign((live + 31) / 32, Warp{});
    memset(shared_memory, 0xff, shared_bytes);  // NaN, or −1
    if (threads.size() < static_cast<size_t>(live)) threads.resize(live);
    for (int i = 0; i < live; i++) {
        Thread& thread = threads[i];
        unsigned row = i / block_size.x;
        thread.index = {i % block_size.x, row % block_size.y, row / block_size.y};
        thread.lane = i % 32;
        thread.warp = i / 32;
        thread.state = State::runs;
        thread.group = 0;
        thread.copies.clear();
        thread.fiber.start(run_thread);
        warps[thread.warp].live |= 1u << thread.lane;
    }
}

inline bool can_run(const Thread& thread) {
    switch (thread.state) {
        case State::runs: return true;
        case State::waits_for_block: return thread.round != block_barrier.round;
        case State::waits_for_warp: return thread.round != warps[thread.warp].barrier.round;
        default: return false;
    }
}

// Let each thread of a warp run until it waits. False if none can.
inline bool run_warp(int warp, int count) {
    bool any = false;
    int first = warp * 32, lanes = std::min(32, count - first);
    for (int i = 0; i < lanes; i++) {
        current = &threads[first + (schedule == Schedule::backward ? lanes - 1 - i : i)];
        if (!can_run(*current)) continue;
        current->fiber.resume();
        any = true;
    }
    return any;
}

inline void run_block() {
    prepare_block();
    int count = live;
    std::vector<int> order(warps.size());
    std::iota(order.begin(), order.end(), 0);
    if (schedule == Schedule::backward) std::reverse(order.begin(), order.end());
    while (live) {
        bool any = false;
        if (schedule == Schedule::random)
            for (size_t i = order.size() - 1; i > 0; i--) std::swap(order[i], order[chance.below(i + 1)]);
        for (int warp : order) {
            int turns = schedule == Schedule::random ? 1 + chance.below(64) : 1 << 30;
            while (turns-- && run_warp(warp, count)) any = true;
        }
        if (!any) fail("deadlock: the threads of a block wait for each other at different barriers");
    }
}

}  // namespace emulator

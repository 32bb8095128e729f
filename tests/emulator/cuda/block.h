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
    int parity;      // of the exchanges in its warp
    std::vector<Copy> copies;
    int group;
};

struct Warp {
    unsigned live, arrived, round;
    uint64_t slots[2][32][8];  // what the lanes show each other: two sets, for the fast ones are in the next exchange
};

inline std::vector<Thread> threads;
inline std::vector<Warp> warps;
inline Thread* current;
inline dim3 block_index, block_size, grid_size;
inline int live, arrived;
inline unsigned round_of_block;
inline char* shared_memory;
inline size_t shared_bytes;

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

inline void open_barrier_of_block() {
    arrived = 0;
    round_of_block++;
}

inline void wait_for_block() {
    if (++arrived == live) return open_barrier_of_block();
    current->state = State::waits_for_block;
    current->round = round_of_block;
    current->fiber.suspend();
    current->state = State::runs;
}

inline void wait_for_warp(unsigned mask) {
    Warp& warp = warps[current->warp];
    if (!(mask >> current->lane & 1)) fail("a lane waits for a warp with a mask (%08x) in which it is not", mask);
    warp.arrived |= 1u << current->lane;
    if (warp.arrived == (mask & warp.live)) {
        warp.arrived = 0;
        warp.round++;
        return;
    }
    current->state = State::waits_for_warp;
    current->round = warp.round;
    current->fiber.suspend();
    current->state = State::runs;
}

// Show the other lanes a value; `shown` then gives theirs, until the exchange after the next.
template <class T>
int show(unsigned mask, const T& value) {
    static_assert(sizeof(T) <= sizeof Warp::slots[0][0], "too large to be exchanged");
    int parity = current->parity;
    memcpy(warps[current->warp].slots[parity][current->lane], &value, sizeof value);
    current->parity ^= 1;
    wait_for_warp(mask);
    return parity;
}

template <class T>
T shown(int parity, int lane) {
    T value;
    memcpy(&value, warps[current->warp].slots[parity][lane], sizeof value);
    return value;
}

inline void run_thread() {
    body();
    current->state = State::done;
    warps[current->warp].live &= ~(1u << current->lane);
    if (--live && arrived == live) open_barrier_of_block();  // a thread that has ended is waited for no more
    current->fiber.suspend();
}

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

inline void prepare_block() {
    live = block_size.x * block_size.y * block_size.z;
    arrived = 0;
    round_of_block = 0;
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
        thread.parity = thread.group = 0;
        thread.copies.clear();
        thread.fiber.start(run_thread);
        warps[thread.warp].live |= 1u << thread.lane;
    }
}

inline bool can_run(const Thread& thread) {
    switch (thread.state) {
        case State::runs: return true;
        case State::waits_for_block: return thread.round != round_of_block;
        case State::waits_for_warp: return thread.round != warps[thread.warp].round;
        default: return false;
    }
}

// Let each thread of a warp run until it waits. False if none can.
inline bool run_warp(int warp, int count, Schedule schedule) {
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

inline void run_block(Schedule schedule, Chance& chance) {
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
            while (turns-- && run_warp(warp, count, schedule)) any = true;
        }
        if (!any) fail("deadlock: the threads of a block wait at different barriers");
    }
}

}  // namespace emulator

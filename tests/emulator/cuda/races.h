// Races: two threads touch the same byte, one of them writes, and no barrier lies between.
//
// g++ -fsanitize=thread calls a function before each access to memory. Here these functions are the emulator's own: for
// each byte of the device's and of the shared memory they remember who wrote it last and who has read it since. Threads
// of a block are ordered by its barriers, lanes also by what their warp waits for, and blocks not at all. So a race is
// found in any schedule, whatever the numbers are.
#pragma once
#include <memory>
#include <unordered_map>

#include "block.h"

#define EMULATOR_NOT_WATCHED __attribute__((no_sanitize_thread))

namespace emulator {

// Two terabytes that nothing else lies in: one for arrays (arrays.py), one for shared memory.
constexpr uintptr_t DEVICE_TERABYTE = 0x60, SHARED_TERABYTE = 0x61;
constexpr int TERABYTE = 40;  // bits

struct Access {
    unsigned block, round, warp_round;  // no block: none
    short warp, lane;
};

struct Byte {
    Access write, read;        // the last ones
    unsigned lanes;            // that have read it since their warp last waited
    bool by_warps, by_blocks;  // several have read it since the block last waited, or ever
};

inline std::unordered_map<uintptr_t, std::unique_ptr<Byte[]>> pages;
inline uintptr_t last_page;
inline Byte* last_bytes;
inline const void* place_of_fault;  // in the machine code

inline void forget_accesses() {
    pages.clear();
    last_page = 0;
}

EMULATOR_NOT_WATCHED inline Byte& byte_at(uintptr_t address) {
    uintptr_t page = address / PAGE;
    if (page != last_page) {
        auto& bytes = pages[page];
        if (!bytes) bytes.reset(new Byte[PAGE]());
        last_page = page;
        last_bytes = bytes.get();
    }
    return last_bytes[address % PAGE];
}

// Whether the two cannot have happened the other way round. Shared memory is another one in each block.
EMULATOR_NOT_WATCHED inline bool ordered(const Access& before, const Access& now, bool shared) {
    if (before.block != now.block) return shared || !before.block;
    if (before.round != now.round) return true;
    return before.warp == now.warp && (before.lane == now.lane || before.warp_round != now.warp_round);
}

EMULATOR_NOT_WATCHED inline bool reads_ordered(const Byte& byte, const Access& now, bool shared) {
    const Access& last = byte.read;
    if (!last.block) return true;
    if (!shared && (byte.by_blocks || last.block != now.block)) return false;
    if (last.block != now.block || last.round != now.round) return true;
    if (byte.by_warps || last.warp != now.warp) return false;
    return last.warp_round != now.warp_round || !(byte.lanes & ~(1u << now.lane));
}

EMULATOR_NOT_WATCHED inline void add_reader(Byte& byte, const Access& now) {
    const Access& last = byte.read;
    if (last.block != now.block || last.round != now.round) {
        byte.by_blocks |= last.block && last.block != now.block;
        byte.by_warps = false;
        byte.lanes = 0;
    } else if (last.warp != now.warp) {
        byte.by_warps = true;
        byte.lanes = 0;
    } else if (last.warp_round != now.warp_round) {
        byte.lanes = 0;
    }
    byte.lanes |= 1u << now.lane;
    byte.read = now;
}

[[noreturn]] inline void fail_for_race(const char* happened, const Access& before, bool shared, const void* code) {
    place_of_fault = code;
    const char* memory = shared ? "shared" : "the device's";
    fail("a race in %s memory: %s lane %d of warp %d of the block that ran as number %u, with no barrier in between",
         memory, happened, before.lane, before.warp, before.block);
}

EMULATOR_NOT_WATCHED inline void note(const volatile void* pointer, size_t size, bool writes, const void* code) {
    uintptr_t address = reinterpret_cast<uintptr_t>(pointer), terabyte = address >> TERABYTE;
    if ((terabyte != DEVICE_TERABYTE && terabyte != SHARED_TERABYTE) || !current) return;
    bool shared = terabyte == SHARED_TERABYTE;
    const Barrier &block = block_barrier, &warp = warps[current->warp].barrier;
    Access now{block_number, block.round, warp.round, static_cast<short>(current->warp), static_cast<short>(current->lane)};
    for (size_t i = 0; i < size; i++) {
        Byte& byte = byte_at(address + i);
        if (!ordered(byte.write, now, shared))
            fail_for_race(writes ? "written also by" : "read here, and written by", byte.write, shared, code);
        if (!writes) {
            add_reader(byte, now);
            continue;
        }
        if (!reads_ordered(byte, now, shared)) fail_for_race("written here, and read by", byte.read, shared, code);
        byte.write = now;
    }
}

}  // namespace emulator

#define EMULATOR_ACCESS(kind, writes, size)                                                               \
    extern "C" EMULATOR_NOT_WATCHED __attribute__((used)) void __tsan_##kind##size(void* address) {         \
        emulator::note(address, size, writes, __builtin_return_address(0));                                 \
    }
#define EMULATOR_ACCESSES(prefix, size) \
    EMULATOR_ACCESS(prefix##read, false, size) EMULATOR_ACCESS(prefix##write, true, size)
EMULATOR_ACCESSES(, 1)
EMULATOR_ACCESSES(, 2)
EMULATOR_ACCESSES(, 4)
EMULATOR_ACCESSES(, 8)
EMULATOR_ACCESSES(, 16)
EMULATOR_ACCESSES(unaligned_, 2)
EMULATOR_ACCESSES(unaligned_, 4)
EMULATOR_ACCESSES(unaligned_, 8)
EMULATOR_ACCESSES(unaligned_, 16)
extern "C" {
EMULATOR_NOT_WATCHED __attribute__((used)) void __tsan_read_range(void* address, size_t size) {
    emulator::note(address, size, false, __builtin_return_address(0));
}
EMULATOR_NOT_WATCHED __attribute__((used)) void __tsan_write_range(void* address, size_t size) {
    emulator::note(address, size, true, __builtin_return_address(0));
}
inline __attribute__((used)) void __tsan_init() {}
}

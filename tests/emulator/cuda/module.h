// The kernels of a source by name, and how Python starts them.
#pragma once
#include <dlfcn.h>
#include <ucontext.h>

#include <csignal>
#include <map>
#include <string>
#include <type_traits>

#include "language.h"

namespace emulator {

struct Kernel {
    void (*function)();
    void (*call)(void (*)(), void**);  // with addresses of its arguments
    std::string parameters;            // a letter and a size each: p8 a pointer, i4 and u4 integers, f4 a float, s… a struct
};

inline std::map<std::string, Kernel>& kernels() {
    static std::map<std::string, Kernel> all;
    return all;
}

template <class T>
std::string parameter() {
    const char* kind = std::is_pointer_v<T>          ? "p"
                       : std::is_floating_point_v<T> ? "f"
                       : std::is_class_v<T>          ? "s"
                       : std::is_signed_v<T>         ? "i"
                                                     : "u";
    return kind + std::to_string(sizeof(T)) + " ";
}

template <class... A, size_t... I>
void call_with(void (*function)(A...), void** arguments, std::index_sequence<I...>) {
    function(*static_cast<std::remove_cv_t<A>*>(arguments[I])...);
}

template <class... A>
bool add(const char* name, void (*function)(A...)) {
    auto call = [](void (*any)(), void** arguments) {
        call_with(reinterpret_cast<void (*)(A...)>(any), arguments, std::index_sequence_for<A...>());
    };
    kernels()[name] = {reinterpret_cast<void (*)()>(function), call, (std::string() + ... + parameter<A>())};
    return true;
}

inline const Kernel* launched;
inline void** launched_with;
inline void call_launched() { launched->call(launched->function, launched_with); }

inline void bad_address(int, siginfo_t* signal, void* context) {
    auto counter = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
    place_of_fault = reinterpret_cast<void*>(counter + 1);  // as if it were a call's
    fail("bad address %p", signal->si_addr);
}

class Watch {  // over memory that is not the kernel's, while it exists
  public:
    Watch() {
        static char* stack = new char[64 << 10];  // a fiber's own may be what is bad
        stack_t other{stack, 0, 64 << 10};
        sigaltstack(&other, &stack_before);
        struct sigaction action {};
        action.sa_sigaction = bad_address;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, &before[0]);
        sigaction(SIGBUS, &action, &before[1]);
    }
    ~Watch() {
        sigaction(SIGSEGV, &before[0], nullptr);
        sigaction(SIGBUS, &before[1], nullptr);
        sigaltstack(&stack_before, nullptr);
    }

  private:
    struct sigaction before[2];
    stack_t stack_before;
};

class SharedMemory {  // that ends where a forbidden page begins, or begins where one ends
  public:
    explicit SharedMemory(size_t bytes) {
        room = (bytes + PAGE - 1) / PAGE * PAGE;
        void* wanted = reinterpret_cast<void*>(SHARED_TERABYTE << TERABYTE);
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        memory = static_cast<char*>(mmap(wanted, room + 2 * PAGE, PROT_NONE, flags, -1, 0));
        mprotect(memory + PAGE, room, PROT_READ | PROT_WRITE);
        memset(memory + PAGE, 0xff, room);
        shared_bytes = (bytes + 15) / 16 * 16;
        shared_memory = memory + PAGE + (schedule == Schedule::backward ? 0 : room - shared_bytes);
    }
    ~SharedMemory() { munmap(memory, room + 2 * PAGE); }

  private:
    char* memory;
    size_t room;
};

inline void run_grid() {
    const dim3& n = grid_size;
    unsigned count = n.x * n.y * n.z;
    forget_accesses();
    for (block_number = 1; block_number <= count; block_number++) {
        unsigned place = schedule == Schedule::backward ? count - block_number : block_number - 1;
        block_index = {place % n.x, place / n.x % n.y, place / n.x / n.y};
        run_block();
    }
}

}  // namespace emulator

#define EMULATOR_EXPORT extern "C" __attribute__((visibility("default")))

// What the parameters of a kernel are; null where there is no such kernel.
EMULATOR_EXPORT const char* emulator_parameters(const char* name) {
    auto found = emulator::kernels().find(name);
    return found == emulator::kernels().end() ? nullptr : found->second.parameters.c_str();
}

// Null, or what went wrong.
EMULATOR_EXPORT const char* emulator_launch(const char* name, const unsigned* grid, const unsigned* block, size_t shared,
                                            void** arguments, int schedule, uint64_t seed) {
    using namespace emulator;
    grid_size = {grid[0], grid[1], grid[2]};
    block_size = {block[0], block[1], block[2]};
    launched = &kernels().at(name);
    launched_with = arguments;
    body = call_launched;
    current = nullptr;
    place_of_fault = nullptr;
    emulator::schedule = static_cast<Schedule>(schedule);
    chance = Chance(seed);
    Watch watch;
    SharedMemory memory(shared);
    if (sigsetjmp(way_out, 1)) return message;
    run_grid();
    return nullptr;
}

// Where in this library's machine code it went wrong; 0 if that is not known.
EMULATOR_EXPORT size_t emulator_place() {
    Dl_info library;
    const char* place = static_cast<const char*>(emulator::place_of_fault);
    if (!place || !dladdr(place, &library)) return 0;
    return place - static_cast<const char*>(library.dli_fbase);
}

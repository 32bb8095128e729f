// Fibers: functions with stacks of their own, of which one runs until it lets another one go on.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__) || !defined(__linux__)
#error "the emulator switches stacks as x86-64 Linux lays them out"
#endif

namespace emulator {

constexpr size_t STACK_SIZE = 64 << 10, PAGE = 4096;

// Stores where this fiber is in *from, and goes on where `to` was stored. The callee-saved registers lie on the stack.
extern "C" void emulator_switch(void** from, void* to);
asm(R"(
    .text
    .weak emulator_switch
    .hidden emulator_switch
    .type emulator_switch, @function
emulator_switch:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
)");

class Fiber {
  public:
    // The next `resume` calls the function from its beginning. It must never return.
    void start(void (*function)()) {
        if (!stack) stack = allocate_stack();
        void** top = reinterpret_cast<void**>(stack + STACK_SIZE);
        *--top = nullptr;                                  // nobody to return to; a call leaves the stack 8 bytes off 16
        *--top = reinterpret_cast<void*>(function);        // where the switch returns to
        for (int i = 0; i < 6; i++) *--top = nullptr;      // the registers
        here = top;
    }
    void resume() { emulator_switch(&outside, here); }     // called from outside, until the fiber suspends itself
    void suspend() { emulator_switch(&here, outside); }    // called from within

  private:
    static char* allocate_stack() {  // above a forbidden page
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        void* memory = mmap(nullptr, PAGE + STACK_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
        mprotect(memory, PAGE, PROT_NONE);
        return static_cast<char*>(memory) + PAGE;
    }
    char* stack = nullptr;
    void* here = nullptr;
    static inline void* outside = nullptr;
};

}  // namespace emulator

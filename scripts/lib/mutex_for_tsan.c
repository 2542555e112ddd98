// For the thread sanitizer: what Mutex of Swift's Synchronization does when its lock is taken. In its own library that
// is not instrumented, and the sanitizer can't see how the lock orders accesses. Loaded before it by scripts/soak
// gateway. The lock's word holds the owner's thread number, or 0.
#include <sched.h>
#include <stdint.h>

__attribute__((swiftcall)) void lockSlow(uint32_t, __attribute__((swift_context)) void *)
    __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *)
    __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

__attribute__((swiftcall)) void lockSlow(uint32_t self, __attribute__((swift_context)) void *word)
{
    for (;;) {
        uint32_t nobody = 0;
        if (__atomic_compare_exchange_n((uint32_t *)word, &nobody, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
        sched_yield();
    }
}

__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *word)
{
    __atomic_store_n((uint32_t *)word, 0, __ATOMIC_RELEASE);
}

// For the thread sanitizer: how Swift's own libraries order accesses, where it can't see that. They are not
// instrumented, so that it would warn of a race behind each Mutex that was taken, and behind each continuation that was
// resumed early. Loaded before them by scripts/soak gateway. In programs without the sanitizer, such as its symbolizer,
// it changes nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdint.h>

extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

static void acquire(void *address)
{
    if (__tsan_acquire) __tsan_acquire(address);
}

static void release(void *address)
{
    if (__tsan_release) __tsan_release(address);
}

// What Mutex of Swift's Synchronization does when its lock is taken. The lock's word holds the owner's thread number, or 0.

__attribute__((swiftcall)) void lockSlow(uint32_t, __attribute__((swift_context)) void *)
    __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *)
    __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

__attribute__((swiftcall)) void lockSlow(uint32_t self, __attribute__((swift_context)) void *word)
{
    for (;;) {
        uint32_t nobody = 0;
        if (__atomic_compare_exchange_n((uint32_t *)word, &nobody, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) break;
        sched_yield();
    }
    acquire(word);
}

__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *word)
{
    release(word);
    __atomic_store_n((uint32_t *)word, 0, __ATOMIC_RELEASE);
}

// A continuation that is resumed before its task waits: the task goes on at once, and only when it is resumed later does
// the runtime tell the sanitizer that what it reads was written before. Whoever resumes releases the task in both cases.

typedef struct Context Context;
typedef __attribute__((swiftasynccall)) void Resume(__attribute__((swift_async_context)) Context *);
struct Context {
    Context *parent;
    Resume *resume;
    uintptr_t flags;
};
enum { elsewhere = 2 };  // of the flags: where it goes on is decided by its executor

extern void *swift_task_getCurrent(void) __attribute__((weak, swiftcall));

static __thread Resume *goesOn;

static __attribute__((swiftasynccall)) void goOn(__attribute__((swift_async_context)) Context *context)
{
    context->resume = goesOn;
    acquire(swift_task_getCurrent());
    __attribute__((musttail)) return context->resume(context);
}

typedef __attribute__((swiftasynccall)) void Await(Context *);

__attribute__((swiftasynccall)) void swift_continuation_await(Context *context)
{
    static Await *await;
    if (!await) await = (Await *)dlsym(RTLD_NEXT, "swift_continuation_await");
    // Only for a task that goes on at once, and so on this thread: for others the runtime remembers where they go on.
    if (!(context->flags & elsewhere)) {
        goesOn = context->resume;
        context->resume = goOn;
    }
    __attribute__((musttail)) return await(context);
}

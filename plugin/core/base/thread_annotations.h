// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_CORE_BASE_THREAD_ANNOTATIONS_H_
#define PULLSEAL_CORE_BASE_THREAD_ANNOTATIONS_H_

// What clang's -Wthread-safety checks (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html); nothing to other
// compilers.
#if defined(__clang__)
#define PULLSEAL_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define PULLSEAL_THREAD_ANNOTATION(x)
#endif

// Of a member: it is read and written only by who holds `x`.
#define PULLSEAL_GUARDED_BY(x) PULLSEAL_THREAD_ANNOTATION(guarded_by(x))
// Of a function: its caller holds these, or holds none of them.
#define PULLSEAL_REQUIRES(...) PULLSEAL_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define PULLSEAL_EXCLUDES(...) PULLSEAL_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
// Of core/base/mutex.h alone.
#define PULLSEAL_CAPABILITY(x) PULLSEAL_THREAD_ANNOTATION(capability(x))
#define PULLSEAL_SCOPED_CAPABILITY PULLSEAL_THREAD_ANNOTATION(scoped_lockable)
#define PULLSEAL_ACQUIRE(...) PULLSEAL_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define PULLSEAL_RELEASE(...) PULLSEAL_THREAD_ANNOTATION(release_capability(__VA_ARGS__))

#endif  // PULLSEAL_CORE_BASE_THREAD_ANNOTATIONS_H_

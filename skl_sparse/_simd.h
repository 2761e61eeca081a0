/* Compiler hints that the kernels of all folders share: vectors of several processors, chosen at run
   time, and prefetching. In C, since Cython can say neither. */

#ifndef SKL_SPARSE_SIMD_H
#define SKL_SPARSE_SIMD_H

#include <limits.h> /* any header of the C library tells which it is */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The choice at run time takes the indirect functions of the GNU C library. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define KERNEL __attribute__((unused, target_clones("avx512f", "avx2", "default"))) static
/* Where numbers are gathered: no eight at a time, which is slower than four. */
#define GATHERING_KERNEL __attribute__((unused, target_clones("avx2", "default"))) static
#elif defined(__GNUC__)
#define KERNEL __attribute__((unused)) static
#define GATHERING_KERNEL KERNEL
#else
#define KERNEL static
#define GATHERING_KERNEL KERNEL
#endif

/* Prefetches the cache line so many bytes from an address; an array may end before it. */
#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(from, bytes)                                                                      \
    __builtin_prefetch((const void *)((uintptr_t)(from) + (uintptr_t)(bytes)))
#else
#define PREFETCH(from, bytes) ((void)(from))
#endif

/* The kernel for numbers and places of so many bytes. */
#define OF_SIZES(name, real, integer, ...)                                                         \
    ((real) == sizeof(double) ? OF_SIZE(name##_double, integer, __VA_ARGS__)                       \
                              : OF_SIZE(name##_single, integer, __VA_ARGS__))
#define OF_SIZE(name, integer, ...)                                                                \
    ((integer) == sizeof(int32_t) ? name##_32(__VA_ARGS__) : name##_64(__VA_ARGS__))

#endif

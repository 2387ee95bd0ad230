/* The version of the ABI and of the Tenon release, and nothing else.
 * The build reads the release from this file, so that it is written once. */
#ifndef TENON_ABI_VERSION_H
#define TENON_ABI_VERSION_H

#define TENON_VERSION_MAJOR 0
#define TENON_VERSION_MINOR 1
#define TENON_VERSION_PATCH 0
#define TENON_VERSION_STRING "0.1.0"

/* A version as one number: major in the upper, minor in the lower 16 bits. */
#define TENON_ABI(major, minor) ((major) * 0x10000u + (minor))
#define TENON_ABI_MAJOR(version) ((version) >> 16)
#define TENON_ABI_MINOR(version) ((version) & 0xFFFFu)

/* The ABI that these headers describe. A minor only ever adds (docs/abi.md, "The promise"). */
#define TENON_ABI_CURRENT TENON_ABI(1, 0)

#endif

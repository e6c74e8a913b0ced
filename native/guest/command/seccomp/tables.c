#include "rules.h"

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/capability.h>

static const struct seccomp_rule rules[] = {
#include "calls.h"
};

static const struct seccomp_calls native = {
    .rules = rules,
    .count = sizeof rules / sizeof *rules,
#if defined(__x86_64__)
    /* x32's calls are numbers of x86_64 above all that are known. */
    .architecture = AUDIT_ARCH_X86_64,
    .hole = {336, 424 - 336},
#elif defined(__aarch64__)
    .architecture = AUDIT_ARCH_AARCH64,
    .hole = {295, 424 - 295},
#else
#error "the filter knows the calls of x86_64 and aarch64"
#endif
};

#ifdef __x86_64__
extern const struct seccomp_calls seccomp_i386;
#endif

const struct seccomp_calls *const seccomp_tables[] = {
    &native,
#ifdef __x86_64__
    &seccomp_i386,
#endif
    NULL,
};

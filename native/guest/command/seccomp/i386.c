/* 32-bit programs are not rare (games, their servers, old binaries), so they get the same rules under their own
 * numbers. What they can still do is socket by socketcall, whose arguments lie in memory: their C library knows no
 * other way. */
#ifdef __x86_64__
#include <asm/unistd_32.h> /* and no header that brings the other numbers */
#include <linux/audit.h>
#include <linux/capability.h>

#include "rules.h"

static const struct seccomp_rule rules[] = {
#include "calls.h"
};

extern const struct seccomp_calls seccomp_i386;
const struct seccomp_calls seccomp_i386 = {
    .architecture = AUDIT_ARCH_I386,
    .rules = rules,
    .count = sizeof rules / sizeof *rules,
};
#endif

#ifndef BOXLITE_GUEST_SECCOMP_PROGRAM_H
#define BOXLITE_GUEST_SECCOMP_PROGRAM_H

#include <linux/filter.h>
#include <stdint.h>

#include "../../../common/err.h"

enum { SECCOMP_PROGRAM_LENGTH = 512 };

struct seccomp_program {
    struct sock_filter code[SECCOMP_PROGRAM_LENGTH];
    uint16_t used;
};

/* The filter of a process that may get these capabilities (bit n = capability n). */
int seccomp_program_make(uint64_t capabilities, struct seccomp_program *program, struct err *err);

#endif

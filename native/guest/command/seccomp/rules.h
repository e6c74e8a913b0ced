#ifndef BOXLITE_GUEST_SECCOMP_RULES_H
#define BOXLITE_GUEST_SECCOMP_RULES_H

#include <stddef.h>
#include <stdint.h>

/* setxattrat and its like, of Linux 6.13. Nobody has reviewed newer calls: to the box they are missing, and programs
 * do without them as on an older kernel. */
enum { SECCOMP_NEWEST_CALL = 466 };

enum seccomp_answer {
    ANSWER_ALLOWED,
    ANSWER_REFUSED, /* EPERM */
    ANSWER_MISSING, /* ENOSYS */
    /* Depends on the first argument. */
    ANSWER_THREADS,       /* clone without a new namespace */
    ANSWER_FAMILIES,      /* socket of what needs no look at the host or the kernel's cryptography */
    ANSWER_PERSONALITIES, /* personality that takes no protection away */
};

struct seccomp_rule {
    uint16_t number;
    uint8_t answer;
    uint64_t lifted_by; /* a box that has one of these capabilities may call it as it likes */
};

/* An instruction set's numbers. A call that has no rule is allowed. */
struct seccomp_calls {
    uint32_t architecture;
    const struct seccomp_rule *rules;
    size_t count;
    struct {
        uint16_t first, count;
    } hole; /* numbers that mean nothing yet */
};

/* Those whose programs a box runs, a NULL behind the last; calls of others are missing. */
extern const struct seccomp_calls *const seccomp_tables[];

#endif

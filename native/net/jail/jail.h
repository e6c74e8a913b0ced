/* What the programs of the network give up before they look at the first frame. */
#ifndef BOXLITE_NET_JAIL_JAIL_H
#define BOXLITE_NET_JAIL_JAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/err.h"
#include "../../common/seccomp.h"

#define ALLOW_CALL(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), ALLOW
/* mmap, but none that can be run. Stands last: the number of the call is gone behind it. */
#define ALLOW_MEMORY                                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4), LOAD(LOW_HALF(2)), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), ANSWER(EACCES), ALLOW

/* What a program may keep. */
struct jail {
    struct sock_filter *calls;
    unsigned short call_count;
    uint64_t descriptors, data_bytes;
    uint64_t file_bytes; /* of a file that it may write to, its log */
    int namespaces;      /* CLONE_NEW*: those of its own, besides that of mounts */
    bool connects;       /* by TCP */
};

#define JAIL_SAME_USER UINT32_MAX

/* Becomes `user` (JAIL_SAME_USER: stays who it is), and keeps no more than the jail has and the descriptors that it has
 * or is sent: no file, no program, no other process. The host may refuse namespaces and Landlock, which it then goes
 * without: the calls that it keeps open no file either. */
int jail_enter(const struct jail *jail, uint32_t user, struct err *err);

#endif

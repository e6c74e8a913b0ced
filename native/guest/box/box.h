/* The box's first process. It starts before the template is taken, with its namespaces and its /proc, /sys and /dev,
 * so that no box's start pays for them. Then it waits for its orders. */
#ifndef BOXLITE_GUEST_BOX_H
#define BOXLITE_GUEST_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../proc/passed.h"
#include "../wire/message.h"

struct box {
    pid_t pid; /* in the agent's namespace; 0 once it is gone */
    int pidfd;
    int cgroup, cgroup_processes;    /* what cgroup_open_box and cgroup_open_processes give */
    bool all_devices;                /* a privileged one */
    bool may_trace;                  /* its root has CAP_SYS_PTRACE, and not every device besides */
    int channel;                     /* to the first process, until it has become the command */
    int input, output, error;        /* the agent's ends of the command's pipes */
    int notifier;                    /* what notifier_start gives; -1: no volume's changes are noticed */
};

int box_prepare(struct box *box, struct err *err);

/* The first process enters the root file system that is mounted by now; waits for its answer. */
int box_enter_root(struct box *box, struct err *err);

/* The first process becomes this box, entering the root file system if it has not yet; waits for its answer.
 * disks: a mount for each disk volume of the message, in its order */
int box_enter(struct box *box, const uint8_t *payload, size_t size, const struct passed *disks, struct err *err);

/* Sends the first process the EXEC message that it follows; its reports come from `channel`. terminal: number in the
 * box's /dev/pts, or -1 for pipes. */
int box_start(struct box *box, const uint8_t *exec, size_t size, int terminal, struct err *err);

/* Its first process is exiting: the kernel makes no others beside it (ENOMEM). */
bool box_is_ending(const struct box *box);

#endif

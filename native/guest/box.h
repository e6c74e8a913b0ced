/* The box's first process. It is made before the template is taken, with its namespaces and its /proc, /sys
 * and /dev, so that a start pays for none of this; then it waits for what to become. */
#ifndef BOXLITE_GUEST_BOX_H
#define BOXLITE_GUEST_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "message.h"

struct box {
    pid_t pid; /* in the agent's namespace; 0 once it is gone */
    int pidfd;
    int own_namespace; /* of process numbers, the agent's */
    bool started;      /* the agent's children are born into the box */
    int cgroup;
    int channel;                     /* to the first process, until it has become the command */
    int input, output, error;        /* the agent's ends of the command's pipes */
};

int box_prepare(struct box *box, struct err *err);

/* The first process enters the root file system that is mounted by now; waits for its answer. */
int box_enter_root(struct box *box, struct err *err);

/* The first process becomes this box, entering the root file system if it has not yet; waits for its answer. */
int box_enter(struct box *box, const uint8_t *bootstrap, size_t size, struct err *err);

/* Sends the first process the EXEC message it shall follow; its reports come from `channel`.
 * terminal: number in the box's /dev/pts, or -1 for pipes. From now on the agent's children are born
 * into the box's PID namespace. */
int box_start(struct box *box, const uint8_t *exec, size_t size, int terminal, struct err *err);

/* Its first process is on its way out: the kernel makes no others beside it (ENOMEM). */
bool box_is_ending(const struct box *box);

/* As fork(2), for work of the agent's own: the process is not one of the box's and not seen there. */
pid_t box_spawn_outside(const struct box *box, struct err *err);

#endif

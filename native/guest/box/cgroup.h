#ifndef BOXLITE_GUEST_CGROUP_H
#define BOXLITE_GUEST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../wire/message.h"

/* Makes the box's group with whatever controllers the kernel has. */
int cgroup_make(struct err *err);
/* The box's group, to start processes in. Whoever gets hold of the descriptor can do no more with it than the box
 * can anyway: it names nothing above the group and gives nothing to write. */
int cgroup_open_box(struct err *err);
/* Its list of processes, to be written. */
int cgroup_open_processes(struct err *err);
/* Both of the group below the box's that a process of the box is in: once a box has given controllers to groups of its
 * own, as systemd, dockerd and podman do, the kernel lets no process into the box's group itself (EBUSY). */
int cgroup_open_of(pid_t pid, int *processes, struct err *err);
/* The group above the box's, which no process of the box can name. Returns its directory's descriptor or -1. */
int cgroup_open_outer(struct err *err);
/* Moves the calling process into the group whose list of processes this is. */
int cgroup_join(int processes, struct err *err);
/* 0: as many as the machine can have, which is the limit in any case. */
int cgroup_limit_pids(uint32_t max, struct err *err);
/* Limits the box to the memory that is free now, less some for the agent and the kernel: a box that uses all of it
 * is killed as a group, and nothing outside has to wait for memory. */
int cgroup_limit_memory(struct err *err);
/* The box's other limits: files of its group, of the controllers for processors and memory. */
int cgroup_limit(const struct bootstrap *message, struct err *err);
/* Has the kernel's memory killer ended any process of the box? */
bool cgroup_saw_oom(void);
uint64_t cgroup_oom_kills(void);

/* Everything in the box is frozen from the first cgroup_freeze until as many cgroup_thaw. */
int cgroup_freeze(struct err *err);
void cgroup_thaw(void);
/* Freezing takes time: a process may be deep in the kernel. */
int cgroup_await_frozen(struct err *err);

#endif

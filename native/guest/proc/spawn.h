#ifndef BOXLITE_GUEST_SPAWN_H
#define BOXLITE_GUEST_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

/* fork(2), with CLONE_NEW* or CLONE_PARENT and, from its first instruction, in a cgroup (a directory's descriptor).
 * Returns as fork does. */
pid_t spawn(uint64_t flags, int cgroup);

/* In a new child, while /proc is still the agent's: lets the kernel's memory killer choose it, unlike the agent;
 * more or less readily by `adjustment` (proc(5), oom_score_adj). */
void spawn_expendable(int adjustment);

#endif

/* The control group of one VMM (cgroups(7), version 2): the host's bounds around it. The shim makes it before the VMM,
 * which begins in it, and removes it after the VMM's end. All of them are in one group, which has the weight of one
 * among the host's own, however many boxes there are. */
#ifndef BOXLITE_SHIM_GROUP_GROUP_H
#define BOXLITE_SHIM_GROUP_GROUP_H

#include <limits.h>
#include <stdint.h>

#include "../../common/err.h"

#define GROUP_OF_ALL "boxlite"
#define UNBOUNDED UINT64_MAX

enum { GROUP_NAME_BYTES = 192 };

struct bounds {
    uint64_t memory; /* bytes, of all that the kernel counts, page cache too */
    uint32_t tasks;
    uint32_t cpu_weight; /* 0: the kernel's default */
};

/* What stays open needs no path later; only its removal does, by name below `parent_fd`. */
struct vmm_group {
    int parent_fd, fd;        /* fd holds a lock: as long as its shim lives nobody else removes the group */
    int events_fd, kill_fd;   /* kill_fd -1: Linux before 5.14 */
    char name[GROUP_NAME_BYTES];
    char path[PATH_MAX];
    struct bounds bounds;
    uint32_t controllers;
};

#define NO_GROUP {.parent_fd = -1, .fd = -1, .events_fd = -1, .kill_fd = -1}

enum shortage { SHORTAGE_NONE, SHORTAGE_OF_BOUND, SHORTAGE_OF_HOST };

/* The name that the directory of a box gives: no other on this host has its number, and as long as the caller holds its
 * lock, nobody else starts a machine there. */
int group_name(char to[GROUP_NAME_BYTES], const char *box, int directory, struct err *err);
/* Takes over what a killed shim has left under this name. */
int group_make(struct vmm_group *group, const char *name, const struct bounds *bounds, struct err *err);
/* Kills what is in it, which is nothing if the VMM has been reaped, and removes it. Waits 100 ms at most. */
void group_end(struct vmm_group *group);
/* Whether the kernel has killed in it for want of memory, and whose: what the bound allows, or what the host has. */
enum shortage group_shortage(const struct vmm_group *group);
/* Removes the groups whose shims have been killed, next to this one. */
void group_sweep(const struct vmm_group *group);

#endif

#ifndef BOXLITE_GUEST_CGROUP_H
#define BOXLITE_GUEST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/err.h"

/* Makes the box's group with whatever controllers the kernel has. Returns its directory's descriptor or -1. */
int cgroup_make(struct err *err);
int cgroup_limit_pids(uint32_t max, struct err *err);
/* Has the kernel's memory killer ended any process of the box? */
bool cgroup_saw_oom(void);

#endif

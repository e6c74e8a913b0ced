/* Groups whose shim has been killed. Nobody holds their lock; a VMM in one has got its own signal to end. */
#ifndef BOXLITE_SHIM_GROUP_LEFT_GROUPS_H
#define BOXLITE_SHIM_GROUP_LEFT_GROUPS_H

/* Kills what is in it and removes it. EBUSY: a shim holds it, or its processes take longer than `ms` to end. */
int left_group_remove(int parent, const char *name, int ms);
/* All of them but one, as far as that is done without waiting. */
void left_groups_remove(int parent, const char *but);

#endif

/* Tells the guest what changes in the volumes that the box watches. */
#ifndef BOXLITE_SHIM_NOTIFY_NOTIFY_H
#define BOXLITE_SHIM_NOTIFY_NOTIFY_H

#include "../box/shim.h"

/* Before the VMM starts. */
int notify_open(struct shim *shim, struct err *err);
/* Obeys WATCH, UNWATCH and CHANGES_TAKEN. */
void notify_from_guest(struct shim *shim, const struct frame *frame);
/* Something has happened in what is watched. */
void notify_event(struct shim *shim);
/* The VMM has ended: lets go of the volumes. */
void notify_close(struct shim *shim);

#endif

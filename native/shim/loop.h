/* The one place that waits: epoll over everything, signals by signalfd. */
#ifndef BOXLITE_SHIM_LOOP_H
#define BOXLITE_SHIM_LOOP_H

#include "box/shim.h"

int loop_open(struct shim *shim, struct err *err);
/* Runs until the VMM has ended and everyone who waits has been told. */
void loop_run(struct shim *shim);

/* `known`: it is watched already and only the events change. */
int loop_watch(struct shim *shim, int fd, enum source source, uint32_t slot, uint32_t events, bool known);
void loop_unwatch(struct shim *shim, int fd);
/* The one deadline there is: how long the VMM still has and, when it has ended, when on_exit is due. */
void loop_set_deadline(struct shim *shim, unsigned seconds);
void loop_set_deadline_ms(struct shim *shim, uint64_t ms);

#endif

/* The shim's own jail. It reads what a hostile guest sends, so once its VMM runs it keeps only what it needs until the
 * box has ended: the files of the box's directory, the descriptors that it has, signals to its two children. All else
 * is the broker's (broker/broker.h). */
#ifndef BOXLITE_SHIM_OWN_JAIL_OWN_JAIL_H
#define BOXLITE_SHIM_OWN_JAIL_OWN_JAIL_H

#include "../box/shim.h"

/* As far as the configuration's walls ask for it. */
int own_jail_enter(struct shim *shim, struct err *err);

#endif

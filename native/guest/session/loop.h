#ifndef BOXLITE_GUEST_LOOP_H
#define BOXLITE_GUEST_LOOP_H

#include "server.h"

/* Runs the box until its command has ended and everything is reported. Never fails after it has begun. */
int serve(struct server *server, struct err *err);

#endif

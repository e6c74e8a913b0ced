/* What the box uses of its machine, and the processes it consists of. */
#ifndef BOXLITE_GUEST_STATS_H
#define BOXLITE_GUEST_STATS_H

#include "../box/box.h"
#include "../wire/port.h"

/* Answers STATS_REQUEST on its own session, by STATS or FAILED. */
void stats_answer(struct port *port, const struct message *request, const struct box *box);

#endif

/* network.log: what boxlite-net has decided of what the box began, one JSON object a line. Bounded in size and rate,
 * whatever the box does; what is left out is counted. */
#ifndef BOXLITE_SHIM_REQUESTS_DECISIONS_H
#define BOXLITE_SHIM_REQUESTS_DECISIONS_H

#include "../../common/net-control.h"
#include "../box/shim.h"

void decision_record(struct shim *shim, const struct net_decision *decision);

#endif

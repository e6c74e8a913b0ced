/* Main's output window: the guest gets credit as the slowest attached client consumes. */
#ifndef BOXLITE_SHIM_PEERS_OUTPUT_CREDIT_H
#define BOXLITE_SHIM_PEERS_OUTPUT_CREDIT_H

#include "../box/shim.h"

/* Returns to the guest what every attached client has consumed; also after one has left. */
void output_credit_return(struct shim *shim);

#endif

/* The process of a hub. It is no child that anybody waits for: it outlives the shim that has started it. */
#ifndef BOXLITE_SHIM_BROKER_HUB_PROCESS_H
#define BOXLITE_SHIM_BROKER_HUB_PROCESS_H

#include <sys/un.h>

#include "../box/config.h"

/* Starts it in the network's directory, whose lock the caller has. Who connects from now on is answered, or sees it end.
 * It keeps its user reserved itself, however late it gets to be that user. */
int hub_process_start(const struct config *config, int directory, struct err *err);

/* Where it listens: by the directory's descriptor, since paths of sockets are short. */
void hub_process_socket(int directory, struct sockaddr_un *address);

/* Why it has ended at once. */
int hub_process_epitaph(int directory, struct err *err);

#endif

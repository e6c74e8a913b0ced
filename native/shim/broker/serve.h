/* The broker's process. */
#ifndef BOXLITE_SHIM_BROKER_SERVE_H
#define BOXLITE_SHIM_BROKER_SERVE_H

#include "../box/config.h"

_Noreturn void broker_serve(const struct config *config, pid_t parent, int socket);

#endif

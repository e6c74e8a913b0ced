#ifndef BOXLITE_GUEST_FIRST_PROCESS_H
#define BOXLITE_GUEST_FIRST_PROCESS_H

#include <stdint.h>

enum order_kind { ORDER_ROOT = 1, ORDER_ENTER = 2, ORDER_START = 3 };

/* Precedes each payload on the channel (none, bootstrap, exec). ORDER_ROOT may be left out. With ORDER_ENTER come
 * descriptors of the mounts of disk volumes. */
struct order {
    uint32_t kind;
    int32_t terminal;
    uint32_t size;
};

struct first_process {
    int channel, input, output, error;
};

/* The whole life of PID 1 of the box, until it becomes the command or its init. */
_Noreturn void first_process(const struct first_process *given);

#endif

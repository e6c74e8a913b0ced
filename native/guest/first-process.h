#ifndef BOXLITE_GUEST_FIRST_PROCESS_H
#define BOXLITE_GUEST_FIRST_PROCESS_H

#include <stdint.h>

enum order_kind { ORDER_ENTER = 1, ORDER_START = 2 };

/* What comes over the channel before each payload (bootstrap, exec). */
struct order {
    uint32_t kind;
    int32_t terminal;
    uint32_t size;
};

struct first_process {
    int channel, input, output, error;
};

/* The whole life of PID 1 of the box, until it becomes the command or its init. */
_Noreturn void first_process(const struct first_process *self);

#endif

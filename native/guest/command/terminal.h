#ifndef BOXLITE_GUEST_TERMINAL_H
#define BOXLITE_GUEST_TERMINAL_H

#include <stdint.h>

#include "../../common/err.h"

/* The agent's side: a new terminal of the box's devpts. Returns the non-blocking master and its number. */
int terminal_make(uint16_t rows, uint16_t cols, int *number, struct err *err);
void terminal_resize(int master, uint16_t rows, uint16_t cols);

/* The command's side, in the box: opens /dev/pts/NUMBER; it becomes the session's controlling terminal. */
int terminal_open(int number, struct err *err);
int terminal_control(int terminal, struct err *err);
int terminal_as_console(int number, struct err *err);

#endif

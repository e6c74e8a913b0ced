/* console.log: the VM's serial console during the present run. At half its limit the file becomes console.log.1 and
 * a new one begins, so that the last part is always there. */
#ifndef BOXLITE_SHIM_LOG_CONSOLE_LOG_H
#define BOXLITE_SHIM_LOG_CONSOLE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "../../common/err.h"

struct console_log {
    int fd; /* -1: nothing is kept */
    size_t used, half;
};

int console_log_open(struct console_log *log, uint32_t limit, struct err *err);
void console_log_append(struct console_log *log, const uint8_t *bytes, size_t n);

#endif

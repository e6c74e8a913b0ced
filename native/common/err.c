#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    return -1;
}

int err_errno(struct err *err, const char *format, ...) {
    int code = errno;
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    size_t at = strlen(err->msg);
    snprintf(err->msg + at, sizeof err->msg - at, ": %s", strerror(code));
    return -1;
}

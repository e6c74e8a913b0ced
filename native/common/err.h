/* How a function fails: it returns -1 and says here why. */
#ifndef BOXLITE_COMMON_ERR_H
#define BOXLITE_COMMON_ERR_H

struct err {
    int code; /* an errno */
    char msg[256];
};

/* Fills `err` and returns -1, so that a failing function can end in one statement. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with the current errno as code and its text at the end: "bind shim.sock: Address already in use". */
int err_errno(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

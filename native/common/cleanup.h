/* Releases a local variable where its scope ends, on every path out. */
#ifndef BOXLITE_COMMON_CLEANUP_H
#define BOXLITE_COMMON_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup_fd __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))

/* Both keep errno: the caller may be about to return with one. */
static inline void cleanup_close_fd(const int *fd) {
    int kept = errno;
    if (*fd >= 0)
        close(*fd);
    errno = kept;
}

static inline void cleanup_free_pointer(void *pointer) {
    int kept = errno;
    free(*(void **)pointer);
    errno = kept;
}

/* Passes a descriptor to the caller: returns it and leaves nothing to close. */
static inline int take_fd(int *fd) {
    int taken = *fd;
    *fd = -1;
    return taken;
}

#endif

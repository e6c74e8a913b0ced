/* One inotify_add_watch(2) of a process of the box: who calls, what it names, whether it may. */
#ifndef BOXLITE_GUEST_NOTIFY_CALL_H
#define BOXLITE_GUEST_NOTIFY_CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MOST_GROUPS = 128 };

struct call {
    pid_t process;          /* its first thread */
    uid_t user;             /* for file systems, and so on */
    gid_t group, groups[MOST_GROUPS];
    uint32_t group_count;
    int inotify;            /* its descriptor's number there */
    uint32_t mask;
    char path[2 * PATH_MAX]; /* absolute, by the caller's root */
};

/* Reads what the thread's registers say. -1: leave the call to the kernel. */
int call_read(pid_t thread, const uint64_t arguments[3], struct call *call);
/* What it names, found as the caller would find it (O_PATH). -1: leave the call to the kernel, which also says why. */
int call_open(const struct call *call);
/* The kernel's condition for a watch: the caller may read it. */
bool call_may_read(const struct call *call, int fd);
/* Adds the watch to the caller's inotify descriptor. name: a file in the directory, or "." for that itself. Returns
 * the watch's number, or a negative errno. */
int call_add_watch(const struct call *call, int directory, const char *name);

#endif

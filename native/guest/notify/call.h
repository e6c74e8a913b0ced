/* One inotify_add_watch(2) of a process of the box: who calls, what it names, whether it may. */
#ifndef BOXLITE_GUEST_NOTIFY_CALL_H
#define BOXLITE_GUEST_NOTIFY_CALL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MOST_GROUPS = 128 };

struct call {
    int process;    /* pidfd */
    int root;       /* O_PATH, as the next */
    int directory;  /* where the path begins: the working directory, or the root */
    uid_t user;     /* for file systems, and so on */
    gid_t group, groups[MOST_GROUPS];
    uint32_t group_count;
    int inotify;    /* its descriptor's number there */
    uint32_t mask;
    char path[PATH_MAX];
};

/* Reads what the thread's registers say, and opens what else there is of it. Until seccomp has then said that the call
 * still waits, all that may be another thread's. -1: leave the call to the kernel. */
int call_read(pid_t thread, const uint64_t arguments[3], struct call *call);
/* In any case. */
void call_close(struct call *call);
/* What it names, found as the caller finds it: by its root and working directory, with its rights (O_PATH). -1: leave
 * the call to the kernel, which also says why. */
int call_open(const struct call *call);
/* The kernel's condition for a watch: the caller may read it. */
bool call_may_read(const struct call *call, int fd);
/* Adds the watch to the caller's inotify descriptor. name: a file in the directory, or "." for that itself. Returns
 * the watch's number, or a negative errno. */
int call_add_watch(const struct call *call, int directory, const char *name);

#endif

#include "watches.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"

/* Reading a file is nothing that a watcher hears of; it would make most of the events. */
#define EVENTS                                                                                                       \
    (IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | \
     IN_MOVE_SELF | IN_EXCL_UNLINK)

/* So that its changes fit into a frame, which drops the padding of the names but adds their lengths. */
enum { READ_BYTES = 32768 };

static int open_below(const struct watches *watches, int root, const char *path);
static bool may(const struct watches *watches, const struct stat *st, mode_t bit);
static struct watched *place_of(struct watches *watches, uint32_t id);
static uint16_t *bucket(struct watches *watches, int watch);
static void drop(struct watches *watches, struct watched *watched);
static bool is_watched(const struct watches *watches, int watch);
static uint32_t write_changes(struct watches *watches, const struct inotify_event *event, struct wr *to);
static uint32_t write_change(uint32_t id, const struct inotify_event *event, struct wr *to);

struct watches *watches_open(const struct config *config, struct err *err) {
    struct watches *watches = NULL;
    for (uint32_t i = 0; i < config->share_count; i++) {
        const struct share *share = &config->shares[i];
        if (!(share->flags & BL_SHARE_NOTIFY))
            continue;
        if (!watches && !(watches = calloc(1, sizeof *watches))) {
            err_set(err, ENOMEM, "no memory for the volumes to watch");
            return NULL;
        }
        struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
        int root = (int)syscall(SYS_openat2, AT_FDCWD, share->path, &how, sizeof how);
        if (root < 0) {
            err_errno(err, "volume %.120s", share->path);
            watches_close(watches);
            return NULL;
        }
        watches->roots[i] = root;
    }
    if (!watches)
        return NULL;
    watches->inotify = -1;
    for (uint32_t i = 0; i < MAX_SHARES; i++)
        if (!watches->roots[i])
            watches->roots[i] = -1;
    bool direct = config->shares[0].flags & BL_SHARE_DIRECT;
    watches->ids = geteuid() || direct ? 0 : *config->id_directory ? BL_LIMIT_SHARE_IDS : 1;
    return watches;
}

int watches_add(struct watches *watches, uint32_t id, uint32_t share, const char *path) {
    char link[32];
    if (share >= MAX_SHARES || watches->roots[share] < 0)
        return EPERM;
    struct watched *watched = place_of(watches, id);
    if (!watched || watched->id)
        return watched ? EEXIST : ENOSPC;
    cleanup_fd int file = open_below(watches, watches->roots[share], path);
    if (file < 0)
        return errno;
    if (watches->inotify < 0 && (watches->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) < 0)
        return errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int watch = inotify_add_watch(watches->inotify, link, EVENTS);
    if (watch < 0)
        return errno;
    uint16_t *first = bucket(watches, watch), place = (uint16_t)(watched - watches->all + 1);
    *watched = (struct watched){.id = id, .watch = watch, .next = *first};
    if (*first)
        watches->all[*first - 1].previous = place;
    *first = place;
    return 0;
}

void watches_remove(struct watches *watches, uint32_t id) {
    struct watched *watched = place_of(watches, id);
    if (!id || !watched || watched->id != id)
        return;
    int watch = watched->watch;
    drop(watches, watched);
    if (!is_watched(watches, watch))
        inotify_rm_watch(watches->inotify, watch);
}

uint32_t watches_read(struct watches *watches, struct wr *to) {
    _Alignas(struct inotify_event) char events[READ_BYTES];
    ssize_t size = read(watches->inotify, events, sizeof events);
    const struct wr start = *to;
    uint32_t changes = 0;
    wr_u32(to, 0);
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(events + at);
        changes += write_changes(watches, event, to);
        at += (ssize_t)(sizeof *event + event->len);
    }
    /* Many mounts of one directory, each with an id. */
    if (to->bad) {
        *to = start;
        wr_u32(to, 0);
        changes = write_change(0, &(struct inotify_event){.mask = IN_Q_OVERFLOW}, to);
    }
    struct wr count = start;
    wr_u32(&count, changes);
    return changes;
}

void watches_close(struct watches *watches) {
    if (!watches)
        return;
    for (uint32_t i = 0; i < MAX_SHARES; i++)
        if (watches->roots[i] > 0)
            close(watches->roots[i]);
    if (watches->inotify > 0)
        close(watches->inotify);
    free(watches);
}

/* Name by name, each looked at: the shim may be root of the host, which may enter what the VMM may not. */
static int open_below(const struct watches *watches, int root, const char *path) {
    struct open_how how = {.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
    struct stat st;
    cleanup_fd int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
    for (;;) {
        char name[NAME_MAX + 1];
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (at < 0 || fstat(at, &st))
            return -1;
        if (!may(watches, &st, length ? S_IXOTH : S_IROTH) || !(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) {
            errno = S_ISLNK(st.st_mode) ? ELOOP : EACCES;
            return -1;
        }
        if (length == 0)
            return take_fd(&at);
        if (length > NAME_MAX || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')))) {
            errno = EINVAL;
            return -1;
        }
        memcpy(name, path, length);
        name[length] = 0;
        path += length;
        how.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW | (path[strspn(path, "/")] ? O_DIRECTORY : 0u);
        int below = (int)syscall(SYS_openat2, at, name, &how, sizeof how);
        close(at);
        at = below;
        if (at < 0)
            return -1;
    }
}

/* A capability of the VMM's counts over files whose user and group both are in its namespace. */
static bool may(const struct watches *watches, const struct stat *st, mode_t bit) {
    return !watches->ids || (st->st_uid < watches->ids && st->st_gid < watches->ids) || (st->st_mode & bit);
}

static struct watched *place_of(struct watches *watches, uint32_t id) {
    uint32_t place = id & UINT16_MAX;
    return place < MOST_WATCHES ? &watches->all[place] : NULL;
}

static uint16_t *bucket(struct watches *watches, int watch) {
    return &watches->buckets[(unsigned)watch % WATCH_BUCKETS];
}

static void drop(struct watches *watches, struct watched *watched) {
    if (watched->next)
        watches->all[watched->next - 1].previous = watched->previous;
    if (watched->previous)
        watches->all[watched->previous - 1].next = watched->next;
    else
        *bucket(watches, watched->watch) = watched->next;
    *watched = (struct watched){0};
}

static bool is_watched(const struct watches *watches, int watch) {
    uint32_t place = watches->buckets[(unsigned)watch % WATCH_BUCKETS];
    while (place && watches->all[place - 1].watch != watch)
        place = watches->all[place - 1].next;
    return place;
}

/* Of each id that watches it. IN_IGNORED comes last of all, for none that the guest still has. A message that is full
 * already only has the ids of what has ended to drop: a guest may give one directory all its ids. */
static uint32_t write_changes(struct watches *watches, const struct inotify_event *event, struct wr *to) {
    uint32_t changes = 0;
    bool ended = event->mask & IN_IGNORED;
    if (event->mask & IN_Q_OVERFLOW)
        return write_change(0, event, to);
    for (uint32_t next = *bucket(watches, event->wd); next && (ended || !to->bad);) {
        struct watched *watched = &watches->all[next - 1];
        next = watched->next;
        if (watched->watch != event->wd)
            continue;
        if (ended)
            drop(watches, watched);
        else
            changes += write_change(watched->id, event, to);
    }
    return changes;
}

static uint32_t write_change(uint32_t id, const struct inotify_event *event, struct wr *to) {
    wr_u32(to, id);
    wr_u32(to, event->mask);
    wr_u32(to, event->cookie);
    wr_bytes(to, event->name, event->len ? (uint32_t)strlen(event->name) : 0);
    return 1;
}

#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/console.h"

/* In the shadow's root, where nobody watches: from and to there names are moved, which is an event of its own. */
#define OUTSIDE "outside"

static enum change_outcome of_itself(struct shadow *shadow, struct watched *watched, uint32_t mask);
static enum change_outcome end(struct shadow *shadow, struct watched *watched);
static void of_name(struct shadow *shadow, struct watched *watched, const struct change *change);
static void come(struct shadow *shadow, struct watched *watched, const struct change *change);
static void create(const struct watched *watched, const char *name, bool directory);
static void modify(const struct watched *watched, const char *name);
static void close_written(const char *name);
static void leave(struct shadow *shadow);
static void note_moved(struct shadow *shadow, const char *name);
static bool is_there(const char *name);

enum change_outcome change_apply(struct shadow *shadow, const struct change *change) {
    const struct departed *departed = &shadow->departed;
    bool other_half = (change->mask & IN_MOVED_TO) && change->cookie == departed->cookie;
    if (departed->id && !other_half)
        leave(shadow);
    if (change->mask & IN_Q_OVERFLOW)
        return CHANGE_LOST;
    struct watched *watched = shadow_by_id(shadow, change->id);
    if (!watched)
        return CHANGE_DONE; /* it came while the host was told to watch it no longer */
    if (shadow_is_gone(watched) || fchdir(watched->fd)) {
        shadow_forget(watched);
        return CHANGE_OF_NONE;
    }
    if (change->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) || (!*change->name && !*watched->self))
        return of_itself(shadow, watched, change->mask);
    of_name(shadow, watched, change);
    return CHANGE_DONE;
}

void changes_end(struct shadow *shadow) {
    if (shadow->departed.id)
        leave(shadow);
}

/* What also is an event of the directory above has come as that, if that is watched. */
static enum change_outcome of_itself(struct shadow *shadow, struct watched *watched, uint32_t mask) {
    struct stat above;
    if (mask & IN_ATTRIB) {
        if (stat("..", &above) == 0 && !shadow_by_inode(shadow, above.st_ino))
            chmod(".", 0700);
        return CHANGE_DONE;
    }
    if ((mask & IN_MOVE_SELF) && watched->moved) {
        watched->moved = false;
        return CHANGE_DONE;
    }
    /* Moved out of sight, it is no longer at any path that we know. */
    return mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT | IN_IGNORED) ? end(shadow, watched) : CHANGE_DONE;
}

static enum change_outcome end(struct shadow *shadow, struct watched *watched) {
    char path[PATH_MAX];
    bool known = !*watched->self && shadow_path(shadow, watched->fd, path) == 0 && *path;
    if (*watched->self)
        unlinkat(watched->fd, watched->self, 0);
    else if (known)
        shadow_remove(shadow->root, path);
    shadow_forget(watched);
    /* Its watchers learn of its end when nobody is in it any more. */
    if (fchdir(shadow->root))
        complain("can't leave a removed directory");
    const char *slash = known ? strrchr(path, '/') : NULL;
    if (slash) {
        path[slash - path] = 0;
        shadow_prune(shadow, path, "");
    }
    return CHANGE_OF_NONE;
}

static void of_name(struct shadow *shadow, struct watched *watched, const struct change *change) {
    const char *name = *change->name ? change->name : watched->self;
    struct stat st;
    if (change->mask & IN_CREATE)
        create(watched, name, change->mask & IN_ISDIR);
    else if (change->mask & IN_MODIFY)
        modify(watched, name);
    else if (change->mask & IN_CLOSE_WRITE)
        close_written(name);
    else if ((change->mask & IN_ATTRIB) && lstat(name, &st) == 0)
        chmod(name, st.st_mode & 07777);
    else if (change->mask & IN_DELETE)
        shadow_remove(watched->fd, name);
    else if (change->mask & IN_MOVED_TO)
        come(shadow, watched, change);
    else if (change->mask & IN_MOVED_FROM) {
        shadow->departed = (struct departed){.id = watched->id, .cookie = change->cookie};
        snprintf(shadow->departed.name, sizeof shadow->departed.name, "%s", name);
    }
}

/* A name that nobody asked about, in a directory of which only others are watched, stays out. */
static void create(const struct watched *watched, const char *name, bool directory) {
    if (!watched->listed && !is_there(name))
        return;
    if (shadow_make(name, directory) == 0 || errno != EEXIST)
        return;
    /* The list was made after it had been created: whoever saw that list may not have seen this file. */
    if (directory)
        chmod(name, 0700);
    else
        modify(watched, name);
}

static void modify(const struct watched *watched, const char *name) {
    bool missing = truncate(name, 0) && errno == ENOENT;
    if (missing && watched->listed && shadow_make(name, false) == 0)
        modify(watched, name);
}

static void close_written(const char *name) {
    cleanup_fd int fd = open(name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    (void)fd;
}

static void come(struct shadow *shadow, struct watched *watched, const struct change *change) {
    struct departed *departed = &shadow->departed;
    struct watched *source = shadow_by_id(shadow, departed->id);
    const char *name = change->name;
    bool directory = change->mask & IN_ISDIR;
    struct stat st;
    if (!watched->listed && !is_there(name)) {
        changes_end(shadow);
        return;
    }
    /* Only a file takes the place of another. */
    if (lstat(name, &st) == 0 && (directory || S_ISDIR(st.st_mode)))
        shadow_remove(watched->fd, name);
    if (!source || renameat(source->fd, departed->name, watched->fd, name)) {
        changes_end(shadow);
        if (fchdir(shadow->root) || shadow_make(OUTSIDE, directory) ||
            renameat(shadow->root, OUTSIDE, watched->fd, name))
            shadow_remove(shadow->root, OUTSIDE);
    }
    departed->id = 0;
    if (directory && fchdir(watched->fd) == 0)
        note_moved(shadow, name);
}

static void leave(struct shadow *shadow) {
    struct watched *source = shadow_by_id(shadow, shadow->departed.id);
    shadow->departed.id = 0;
    if (source && renameat(source->fd, shadow->departed.name, shadow->root, OUTSIDE) == 0)
        shadow_remove(shadow->root, OUTSIDE);
}

static void note_moved(struct shadow *shadow, const char *name) {
    struct stat st;
    struct watched *moved = lstat(name, &st) ? NULL : shadow_by_inode(shadow, st.st_ino);
    if (moved)
        moved->moved = true;
}

static bool is_there(const char *name) {
    struct stat st;
    return lstat(name, &st) == 0;
}

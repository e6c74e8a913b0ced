#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "mount-line.h"

/* A path and the lines of some ten hierarchies of version 1. */
enum { OWN_BYTES = 4 * PATH_MAX };

static int may_write_here(const char *path);
static bool has_version_1(const char *own);
static int find_mount(FILE *mounts, const char *group, char *path, const char **below);
static const char *below_root(const char *group, const char *root);

int place_look(struct place *place, struct err *err) {
    char own[OWN_BYTES];
    cleanup_fd int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, own, sizeof own - 1);
    if (n < 0)
        return err_errno(err, "read /proc/self/cgroup");
    own[n] = 0;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (!mounts)
        return err_errno(err, "read /proc/self/mountinfo");
    int result = place_find(mounts, own, may_write_here, place, err);
    fclose(mounts);
    return result;
}

/* To make groups, and to move processes from others below it. */
static int may_write_here(const char *path) {
    char processes[PATH_MAX + sizeof "/cgroup.procs"];
    snprintf(processes, sizeof processes, "%s/cgroup.procs", path);
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) || faccessat(AT_FDCWD, processes, W_OK, AT_EACCESS) ? errno : 0;
}

int place_find(FILE *mounts, const char *own, int (*may_write)(const char *path), struct place *place,
               struct err *err) {
    static const char mark[] = "0::/";
    place->controllers_elsewhere = has_version_1(own);
    const char *line = strncmp(own, mark, sizeof mark - 1) == 0 ? own : strstr(own, "\n0::/");
    const char *group = line ? strchr(line, '/') : "/";
    cleanup_free char *path = strndup(group, strcspn(group, "\n"));
    if (!path)
        return err_set(err, ENOMEM, "no memory for the path of a control group");
    const char *below;
    if (!line || find_mount(mounts, path, place->path, &below))
        return err_set(err, EOPNOTSUPP,
                       place->controllers_elsewhere ? NEEDS_VERSION_2
                                                    : "no control groups of version 2 are mounted here");
    if (strncmp(path, "/..", 3) == 0)
        return err_set(err, ENOENT, "this process is in a control group outside of its cgroup namespace");
    for (;;) {
        int code = may_write(place->path);
        if (code == 0)
            return 0;
        below += strspn(below, "/");
        size_t length = strcspn(below, "/"), used = strlen(place->path);
        errno = code;
        if (length == 0)
            return err_errno(
                err, "this user may write none of the control groups around this process, which is in %.80s", path);
        if (used + length + 2 > sizeof place->path)
            return err_set(err, ENAMETOOLONG, "the path of the control group is too long");
        snprintf(place->path + used, sizeof place->path - used, "/%.*s", (int)length, below);
        below += length;
    }
}

/* Whether a hierarchy has controllers, and not only a name: lines of "number:controllers:path". */
static bool has_version_1(const char *own) {
    for (const char *line = own; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *controllers = line + strcspn(line, ":\n");
        if (*controllers == ':' && controllers[1] != ':' && strncmp(controllers + 1, "name=", 5) != 0)
            return true;
    }
    return false;
}

/* The first mount that shows the group, and the rest of the group's path below it. */
static int find_mount(FILE *mounts, const char *group, char *path, const char **below) {
    char *line = NULL;
    size_t size = 0;
    int found = -1;
    while (found && getline(&line, &size, mounts) > 0) {
        struct mount_line mount;
        if (mount_line_parse(line, &mount) || strcmp(mount.type, "cgroup2") != 0)
            continue;
        *below = below_root(group, mount.root);
        if (*below && strlen(mount.point) < PATH_MAX) {
            strcpy(path, mount.point);
            found = 0;
        }
    }
    free(line);
    return found;
}

static const char *below_root(const char *group, const char *root) {
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    return strncmp(group, root, length) == 0 && (group[length] == '/' || !group[length]) ? group + length : NULL;
}

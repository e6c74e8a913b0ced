#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "controllers.h"
#include "left-groups.h"
#include "place.h"

/* A sweep may remove a group that has no lock yet. */
enum { TRIES = 3, END_MS = 100, LOOK_MS = 2 };

static int open_parent(struct vmm_group *group, struct err *err);
static int begin(struct vmm_group *group, struct err *err);
static int make_directory(const struct vmm_group *group, struct err *err);
static int bound(struct vmm_group *group, struct err *err);
static int write_number(const struct vmm_group *group, const char *file, uint64_t number, struct err *err);
static uint64_t number_after(const char *text, const char *word);
static void close_all(struct vmm_group *group);

int group_name(char to[GROUP_NAME_BYTES], const char *box, int directory, struct err *err) {
    struct stat about;
    if (fstat(directory, &about))
        return err_errno(err, "look at the box's directory");
    snprintf(to, GROUP_NAME_BYTES, "%.128s.%jx.%jx", box, (uintmax_t)about.st_dev, (uintmax_t)about.st_ino);
    for (char *at = to; *at; at++)
        if (*at == '/' || *at == '\n')
            *at = '-';
    return 0;
}

int group_make(struct vmm_group *group, const char *name, const struct bounds *bounds, struct err *err) {
    *group = (struct vmm_group)NO_GROUP;
    snprintf(group->name, sizeof group->name, "%s", name);
    group->bounds = *bounds;
    if (open_parent(group, err))
        return -1;
    int failed = -1;
    err->code = 0;
    for (int i = 0; failed && i < TRIES && (i == 0 || err->code == ENOENT || err->code == ENODEV); i++)
        failed = begin(group, err);
    if (failed) {
        close_all(group);
        return -1;
    }
    return 0;
}

/* Opens the group of all VMMs. The first one makes it, once its own parent passes on what is needed. */
static int open_parent(struct vmm_group *group, struct err *err) {
    struct place place;
    if (place_look(&place, err))
        return -1;
    int length = snprintf(group->path, sizeof group->path, "%s/" GROUP_OF_ALL "/%s", place.path, group->name);
    if (length >= (int)sizeof group->path)
        return err_set(err, ENAMETOOLONG, "the path of the VMM's control group is too long");
    cleanup_fd int above = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return err_errno(err, "open the control group %.150s", place.path);
    cleanup_fd int parent = openat(above, GROUP_OF_ALL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (parent < 0 || (controllers_passed(parent) & CONTROLLERS_NEEDED) != CONTROLLERS_NEEDED) {
        if (controllers_check(above, &place, err) || controllers_pass(above, place.path, err))
            return -1;
        if (parent < 0 && mkdirat(above, GROUP_OF_ALL, 0755) && errno != EEXIST)
            return err_errno(err, "make the control group %.120s/" GROUP_OF_ALL, place.path);
        if (parent < 0)
            parent = openat(above, GROUP_OF_ALL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (parent < 0 || controllers_pass(parent, GROUP_OF_ALL, err))
            return parent < 0 ? err_errno(err, "open the control group %.120s/" GROUP_OF_ALL, place.path) : -1;
    }
    group->parent_fd = take_fd(&parent);
    return 0;
}

static int begin(struct vmm_group *group, struct err *err) {
    if (make_directory(group, err))
        return -1;
    group->fd = openat(group->parent_fd, group->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (group->fd < 0)
        return err_errno(err, "open the VMM's control group");
    if (flock(group->fd, LOCK_EX | LOCK_NB)) {
        err_errno(err, "lock the VMM's control group");
        /* It is a sweep's, which removes it. */
        err->code = errno == EWOULDBLOCK ? ENOENT : errno;
    } else if (bound(group, err) == 0) {
        return 0;
    }
    unlinkat(group->parent_fd, group->name, AT_REMOVEDIR);
    const int fds[] = {group->fd, group->events_fd, group->kill_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    group->fd = group->events_fd = group->kill_fd = -1;
    return -1;
}

static int make_directory(const struct vmm_group *group, struct err *err) {
    for (int i = 0; i < TRIES; i++) {
        if (mkdirat(group->parent_fd, group->name, 0755) == 0)
            return 0;
        if (errno != EEXIST)
            return err_errno(err, "make the VMM's control group");
        if (left_group_remove(group->parent_fd, group->name, END_MS) == 0 || errno == ENOENT)
            continue;
        /* It may be a sweep's for a moment. */
        if (errno == EBUSY && i + 1 < TRIES)
            poll(NULL, 0, LOOK_MS);
        else
            return err_errno(err, "remove the control group that an earlier start has left");
    }
    return err_set(err, EEXIST, "make the VMM's control group: others make and remove it");
}

static int bound(struct vmm_group *group, struct err *err) {
    const struct bounds *bounds = &group->bounds;
    struct err ignored;
    group->controllers = controllers_of(group->fd);
    if (write_number(group, "memory.max", bounds->memory, err) || write_number(group, "pids.max", bounds->tasks, err))
        return -1;
    if (bounds->cpu_weight && (group->controllers & CONTROLLER_CPU) &&
        write_number(group, "cpu.weight", bounds->cpu_weight, err))
        return -1;
    /* A VMM is one process today; Linux before 4.19 has no such file. */
    (void)write_number(group, "memory.oom.group", 1, &ignored);
    group->events_fd = openat(group->fd, "memory.events", O_RDONLY | O_CLOEXEC);
    if (group->events_fd < 0)
        return err_errno(err, "open memory.events of the VMM's control group");
    group->kill_fd = openat(group->fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    return 0;
}

static int write_number(const struct vmm_group *group, const char *file, uint64_t number, struct err *err) {
    char text[24];
    if (number == UNBOUNDED)
        return 0;
    int length = snprintf(text, sizeof text, "%" PRIu64, number);
    cleanup_fd int fd = openat(group->fd, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, (size_t)length) != length)
        return err_errno(err, "write %s of the VMM's control group", file);
    return 0;
}

void group_end(struct vmm_group *group) {
    if (group->fd < 0)
        return;
    for (int waited = 0; unlinkat(group->parent_fd, group->name, AT_REMOVEDIR) && errno == EBUSY && waited < END_MS;
         waited += LOOK_MS) {
        if (group->kill_fd >= 0 && write(group->kill_fd, "1", 1) != 1)
            break;
        poll(NULL, 0, LOOK_MS);
    }
    close_all(group);
}

enum shortage group_shortage(const struct vmm_group *group) {
    char text[512];
    ssize_t n = group->events_fd < 0 ? -1 : pread(group->events_fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    if (!number_after(text, "oom_kill "))
        return SHORTAGE_NONE;
    /* The kernel counts this one only where the bound that was met is this group's. */
    return number_after(text, "oom ") ? SHORTAGE_OF_BOUND : SHORTAGE_OF_HOST;
}

void group_sweep(const struct vmm_group *group) {
    if (group->parent_fd >= 0)
        left_groups_remove(group->parent_fd, group->name);
}

/* Of the line that begins with the word. */
static uint64_t number_after(const char *text, const char *word) {
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, word, strlen(word)) == 0)
            return strtoull(line + strlen(word), NULL, 10);
    return 0;
}

static void close_all(struct vmm_group *group) {
    const int fds[] = {group->parent_fd, group->fd, group->events_fd, group->kill_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    group->parent_fd = group->fd = group->events_fd = group->kill_fd = -1;
}

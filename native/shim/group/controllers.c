#include "controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"

static const char *const names[] = {"memory", "pids", "cpu", "io"};
enum { COUNT = sizeof names / sizeof *names };

static uint32_t read_list(int group, const char *file);
static int pass(int group, const char *name);

uint32_t controllers_of(int group) { return read_list(group, "cgroup.controllers"); }

uint32_t controllers_passed(int group) { return read_list(group, "cgroup.subtree_control"); }

int controllers_check(int group, const struct place *place, struct err *err) {
    if ((controllers_of(group) & CONTROLLERS_NEEDED) == CONTROLLERS_NEEDED)
        return 0;
    if (place->controllers_elsewhere)
        return err_set(err, EOPNOTSUPP, NEEDS_VERSION_2);
    return err_set(err, EOPNOTSUPP, "the control group %.120s has not both of memory and pids", place->path);
}

int controllers_pass(int group, const char *path, struct err *err) {
    uint32_t has = controllers_of(group), missing = has & ~controllers_passed(group);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t controller = 1U << i;
        if (!(missing & controller) || pass(group, names[i]) == 0 || !(controller & CONTROLLERS_NEEDED))
            continue;
        return err_errno(err, "the control group %.100s%s can't pass %s on", path,
                         errno == EBUSY ? ", which has processes of its own," : "", names[i]);
    }
    return 0;
}

void controllers_names(uint32_t controllers, char to[CONTROLLER_NAMES_BYTES]) {
    size_t used = 0;
    *to = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        if (controllers & (1U << i))
            used += (size_t)snprintf(to + used, CONTROLLER_NAMES_BYTES - used, "%s%s", used ? " " : "", names[i]);
}

static uint32_t read_list(int group, const char *file) {
    char text[512];
    cleanup_fd int fd = openat(group, file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    uint32_t found = 0;
    char *rest = text;
    for (const char *word; (word = strsep(&rest, " \n"));)
        for (uint32_t i = 0; i < COUNT; i++)
            if (strcmp(word, names[i]) == 0)
                found |= 1U << i;
    return found;
}

/* One at a time: of several in one line the kernel takes all or none. */
static int pass(int group, const char *name) {
    char text[16];
    int length = snprintf(text, sizeof text, "+%s", name);
    cleanup_fd int fd = openat(group, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, (size_t)length) == length ? 0 : -1;
}

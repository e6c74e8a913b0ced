#include "cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/cleanup.h"
#include "root.h"

int cgroup_make(struct err *err) {
    static const char *const controllers[] = {"+memory", "+pids", "+cpu", "+io"};
    struct err ignored;
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
        write_file(ROOT_CGROUP "/cgroup.subtree_control", controllers[i], &ignored);
    if (make_directory(ROOT_BOX_CGROUP, 0755, err))
        return -1;
    int fd = open(ROOT_BOX_CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, "can't open the box's cgroup") : fd;
}

int cgroup_limit_pids(uint32_t max, struct err *err) {
    char text[16];
    if (!max)
        return 0;
    snprintf(text, sizeof text, "%u", max);
    return write_file(ROOT_BOX_CGROUP "/pids.max", text, err);
}

bool cgroup_saw_oom(void) {
    char text[512];
    cleanup_fd int fd = open(ROOT_BOX_CGROUP "/memory.events", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size < 0)
        return false;
    text[size] = 0;
    const char *line = strstr(text, "\noom_kill ");
    return line && line[strlen("\noom_kill ")] != '0';
}

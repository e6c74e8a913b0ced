#include "left-groups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../../common/cleanup.h"

enum { LOOK_MS = 2 };

static void kill_all(int group);

int left_group_remove(int parent, const char *name, int ms) {
    cleanup_fd int group = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (group < 0)
        return -1;
    if (flock(group, LOCK_EX | LOCK_NB)) {
        errno = errno == EWOULDBLOCK ? EBUSY : errno;
        return -1;
    }
    for (int waited = 0;; waited += LOOK_MS) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
            return 0;
        if (errno != EBUSY)
            return -1;
        kill_all(group);
        if (waited >= ms) {
            errno = EBUSY;
            return -1;
        }
        poll(NULL, 0, LOOK_MS);
    }
}

static void kill_all(int group) {
    cleanup_fd int fd = openat(group, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    ssize_t ignored = fd < 0 ? 0 : write(fd, "1", 1);
    (void)ignored;
}

void left_groups_remove(int parent, const char *but) {
    int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && strcmp(entry->d_name, but) != 0)
            (void)left_group_remove(parent, entry->d_name, 0);
    closedir(directory);
}

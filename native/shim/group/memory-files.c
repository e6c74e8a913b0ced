#include "memory-files.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "group.h"
#include "mount-line.h"

static bool is_in_memory(const struct statfs *about);
static bool is_named_so(const char *type);
static uint64_t size_at(const char *path);
static uint64_t sum(uint64_t a, uint64_t b);

uint64_t memory_of_file(int fd) {
    struct statfs about;
    struct stat file;
    if (fstatfs(fd, &about) || !is_in_memory(&about) || fstat(fd, &file) || !S_ISREG(file.st_mode))
        return 0;
    return (uint64_t)file.st_size;
}

uint64_t memory_below(FILE *mounts, const char *path) {
    uint64_t all = size_at(path);
    size_t length = strlen(path), size = 0;
    char *line = NULL;
    if (path[length - 1] == '/')
        length--;
    while (getline(&line, &size, mounts) > 0) {
        struct mount_line mount;
        /* Others are not even asked: a server that is gone would never answer. */
        if (mount_line_parse(line, &mount) == 0 && is_named_so(mount.type) && strncmp(mount.point, path, length) == 0 &&
            mount.point[length] == '/' && mount.point[length + 1])
            all = sum(all, size_at(mount.point));
    }
    free(line);
    return all;
}

static bool is_in_memory(const struct statfs *about) {
    return about->f_type == TMPFS_MAGIC || about->f_type == RAMFS_MAGIC || about->f_type == OVERLAYFS_SUPER_MAGIC;
}

static bool is_named_so(const char *type) {
    return strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0 || strcmp(type, "overlay") == 0;
}

/* A ramfs has no bound, and neither has a tmpfs that was told so. */
static uint64_t size_at(const char *path) {
    struct statfs about;
    if (statfs(path, &about) || !is_in_memory(&about))
        return 0;
    return about.f_blocks ? about.f_blocks * (uint64_t)about.f_bsize : UNBOUNDED;
}

static uint64_t sum(uint64_t a, uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }

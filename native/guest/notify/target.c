#include "target.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../common/cleanup.h"

static int find_above(struct target *target);

/* The host watches directories, and a file as the directory's; of a volume that is a file, the file. */
int target_find(const struct notify_volumes *volumes, int file, struct target *target) {
    struct statx what;
    target->file = file;
    target->volume = notify_volume_of(volumes, file, target->path, &what);
    if (!target->volume)
        return -1;
    target->number = (int)(target->volume - volumes->all);
    target->directory = S_ISDIR(what.stx_mode);
    target->above = target->directory ? strlen(target->path) : 0;
    target->real = target->directory ? what.stx_ino : 0;
    if (target->volume->is_file)
        snprintf(target->name, sizeof target->name, "%d", target->number);
    else if (target->directory)
        strcpy(target->name, ".");
    else
        return find_above(target);
    return 0;
}

static int find_above(struct target *target) {
    char above[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(target->path, '/');
    const char *last = slash ? slash + 1 : target->path;
    size_t length = strlen(last);
    if (length >= sizeof target->name)
        return -1;
    memcpy(target->name, last, length + 1);
    target->above = slash ? (size_t)(slash - target->path) : 0;
    snprintf(above, sizeof above, "%.*s", (int)target->above, target->path);
    cleanup_fd int directory = notify_volume_directory(target->volume, above, O_PATH);
    if (directory < 0 || fstat(directory, &st))
        return -1;
    target->real = st.st_ino;
    return 0;
}

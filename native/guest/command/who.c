#include "who.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/in-root.h"

enum { MAX_FILE = 4 << 20 };

static int read_text(const char *path, char **storage, struct text *text, struct err *err);

int who_find(const char *spec, const char *const *groups, uint32_t count, struct who *who, struct err *err) {
    cleanup_free char *passwd_storage = NULL;
    cleanup_free char *group_storage = NULL;
    struct text passwd, group;
    if (read_text("/etc/passwd", &passwd_storage, &passwd, err) || read_text("/etc/group", &group_storage, &group, err))
        return -1;
    if (who_resolve(spec, passwd, group, who, err))
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (who_join(groups[i], group, who, err))
            return -1;
    return 0;
}

/* A missing file counts as empty, and so does what is no regular file: an image's FIFO must not block the agent. */
static int read_text(const char *path, char **storage, struct text *text, struct err *err) {
    *text = (struct text){"", 0};
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int fd = in_root_at(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    if (st.st_size > MAX_FILE)
        return err_set(err, EFBIG, "%s is larger than 4 MiB", path);
    *storage = malloc((size_t)st.st_size);
    ssize_t size = *storage ? read(fd, *storage, (size_t)st.st_size) : -1;
    if (size < 0)
        return err_errno(err, "can't read %s", path);
    *text = (struct text){*storage, (size_t)size};
    return 0;
}

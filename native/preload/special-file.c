#include "special-file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One for each thread, which opens a file, sets its mode and closes it before the next. */
static _Thread_local int real = -1;
static _Thread_local char stand_in_path[32], real_path[32];

int special_file_opened(int fd) {
    struct stat st;
    if (fd < 0 || fstat(fd, &st) || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
        return fd;
    int stand_in = (int)syscall(SYS_memfd_create, "special file", 1u /* MFD_CLOEXEC */);
    if (stand_in < 0)
        return fd;
    if (real >= 0)
        close(real);
    real = fd;
    snprintf(stand_in_path, sizeof stand_in_path, "/proc/self/fd/%d", stand_in);
    snprintf(real_path, sizeof real_path, "/proc/self/fd/%d", real);
    return stand_in;
}

const char *special_file_path(const char *path) {
    if (real < 0 || strcmp(path, stand_in_path) != 0)
        return path;
    /* The number may be another file's later on. */
    stand_in_path[0] = 0;
    return real_path;
}

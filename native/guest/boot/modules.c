#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/console.h"

static void load(int initramfs, const char *path);

void modules_load(int initramfs) {
    static char list[32768];
    cleanup_fd int fd = openat(initramfs, "modules/list", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* a kernel with everything built in */
    ssize_t size = read(fd, list, sizeof list - 1);
    if (size < 0 || size == (ssize_t)sizeof list - 1) {
        complain("/modules/list can't be read or is too long");
        return;
    }
    list[size] = 0;
    char *save = NULL;
    for (char *path = strtok_r(list, "\n", &save); path; path = strtok_r(NULL, "\n", &save))
        load(initramfs, path + strspn(path, "/"));
}

static void load(int initramfs, const char *path) {
    cleanup_fd int fd = openat(initramfs, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
        complain("module %s: %s", path, strerror(errno));
    unlinkat(initramfs, path, 0);
}

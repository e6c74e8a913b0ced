/* The modes that a VMM sets in volumes. It may not set set-group-ID on a directory, and need not: below one that has
 * it, the kernel sets it on each new directory, whose mode QEMU then sets again after mkdir. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "special-file.h"

enum { MODE_BITS = 07777 };

__attribute__((visibility("default"))) int chmod(const char *path, mode_t mode) {
    struct stat st;
    if ((mode & S_ISGID) && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
        (st.st_mode & MODE_BITS) == (mode & MODE_BITS))
        return 0;
    return (int)syscall(SYS_fchmodat, AT_FDCWD, special_file_path(path), mode);
}

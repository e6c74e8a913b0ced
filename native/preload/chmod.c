/* The modes that a VMM sets in volumes. It can't give a directory set-group-ID, and need not: in a directory that has
 * it, the kernel gives it to each new one, whose mode is then what QEMU sets it to once more after every mkdir. */
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

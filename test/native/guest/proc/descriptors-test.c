#include "guest/proc/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"

enum { HIGH = 200 };

static ino_t inode(int fd) {
    struct stat st;
    return fstat(fd, &st) ? 0 : st.st_ino;
}

static bool closes_on_exec(int fd) { return fcntl(fd, F_GETFD) & FD_CLOEXEC; }

/* Runs in a child, whose exit status tells what it found. */
static int keep(void) {
    int a[2], b[2];
    struct err err;
    if (pipe(a) || pipe(b) || dup2(a[0], HIGH) < 0)
        return 2;
    ino_t first = inode(a[0]), second = inode(b[1]);
    /* One descriptor occupies another's target, one is wanted twice, and two are missing. */
    if (dup2(a[0], 4) < 0 || dup2(b[1], 0) < 0)
        return 3;
    const int kept[] = {4, -1, 0, 0, HIGH, -1};
    if (descriptors_keep(kept, 6, &err))
        return 4;
    if (inode(0) != first || inode(2) != second || inode(3) != second || inode(4) != first)
        return 5;
    if (inode(1) || inode(5) || fcntl(1, F_GETFD) >= 0 || fcntl(5, F_GETFD) >= 0)
        return 6;
    for (int fd = 6; fd < 2 * HIGH; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return 7;
    if (closes_on_exec(0) || closes_on_exec(2) || !closes_on_exec(3) || !closes_on_exec(4))
        return 8;
    const int closed[] = {HIGH};
    if (descriptors_keep(closed, 1, &err) == 0 || err.code != EBADF)
        return 9;
    return 0;
}

int main(void) {
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(keep());
    if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
        return 2;
    check("what is kept has its number, is inherited up to 2, and nothing else is open", WEXITSTATUS(status) == 0);
    return 0;
}

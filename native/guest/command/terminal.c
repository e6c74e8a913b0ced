#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/in-root.h"
#include "../system/root.h"

enum { PTS_MAJOR = 136 };

int terminal_make(uint16_t rows, uint16_t cols, int *number, struct err *err) {
    cleanup_fd int master = open(ROOT_TERMINALS "/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int unlock = 0;
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) || ioctl(master, TIOCGPTN, number))
        return err_errno(err, "can't make a terminal");
    terminal_resize(master, rows, cols);
    return take_fd(&master);
}

void terminal_resize(int master, uint16_t rows, uint16_t cols) {
    struct winsize size = {.ws_row = rows, .ws_col = cols};
    if (rows && cols)
        ioctl(master, TIOCSWINSZ, &size);
}

/* Opened by its path in the box, or ttyname(3) would not find it. The box may have put anything there, so what was
 * opened must be the expected device. */
int terminal_open(int number, struct err *err) {
    char path[32];
    struct stat st;
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int fd = in_root_at(root, path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st))
        return err_errno(err, "can't open %s", path);
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTS_MAJOR, (unsigned)number))
        return err_set(err, ENOTTY, "%s is not the box's terminal", path);
    if (fcntl(fd, F_SETFL, O_RDWR))
        return err_errno(err, "can't open %s", path);
    return take_fd(&fd);
}

int terminal_control(int terminal, struct err *err) {
    return ioctl(terminal, TIOCSCTTY, 0) ? err_errno(err, "can't control the terminal") : 0;
}

int terminal_as_console(int number, struct err *err) {
    char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    cleanup_fd int fd = open("/dev/console", O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
    return mount_at(path, "/dev/console", NULL, MS_BIND, NULL, err);
}

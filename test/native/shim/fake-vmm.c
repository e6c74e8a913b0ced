/* Stands in for QEMU: connects its control port to a socket of the test, so the test acts as the guest, byte by byte.
 * Usage: fake-vmm PORT_FD CONSOLE_FD SOCKET. It exits with status 7 when the test closes its end. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ENDED_STATUS = 7, FAILED_STATUS = 8 };

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static int pass(int from, int to) {
    static char bytes[65536];
    ssize_t n = read(from, bytes, sizeof bytes);
    for (ssize_t at = 0; at < n;) {
        ssize_t written = write(to, bytes + at, (size_t)(n - at));
        if (written < 0)
            return -1;
        at += written;
    }
    return n > 0 ? 0 : -1;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return FAILED_STATUS;
    int port = atoi(argv[1]), console = atoi(argv[2]), test = connect_to(argv[3]);
    if (test < 0)
        return FAILED_STATUS;
    fputs("fake vmm: a word on stderr\n", stderr);
    dprintf(console, "fake console: hello\n");
    for (;;) {
        struct pollfd fds[] = {{.fd = port, .events = POLLIN}, {.fd = test, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0)
            return FAILED_STATUS;
        if (fds[1].revents && pass(test, port))
            return ENDED_STATUS;
        if (fds[0].revents && pass(port, test))
            return FAILED_STATUS;
    }
}

/* Returns what it receives at port 7, by TCP and UDP. At port 9 it reads a TCP connection to its end and answers with
 * the number of bytes. It prints a line once it listens, and exits with an error at the datagram "fail". */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ECHO_PORT = 7, COUNT_PORT = 9 };

static int bound(int type, in_port_t port) {
    const int yes = 1, no = 0;
    int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) || bind(fd, (struct sockaddr *)&any, sizeof any) ||
        (type == SOCK_STREAM && listen(fd, 1024))) {
        perror("listen");
        exit(1);
    }
    return fd;
}

static void all(int fd, const char *bytes, size_t size) {
    for (ssize_t n; size; bytes += n, size -= (size_t)n)
        if ((n = write(fd, bytes, size)) < 0)
            _exit(1);
}

static void serve(int fd, int echoes) {
    static char bytes[65536];
    unsigned long long total = 0;
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0; total += (size_t)n)
        if (echoes)
            all(fd, bytes, (size_t)n);
    if (!echoes)
        dprintf(fd, "%llu\n", total);
    _exit(0);
}

static void accept_one(int listener, int echoes) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return;
    if (fork() == 0)
        serve(fd, echoes);
    close(fd);
}

static void answer(int fd) {
    static char bytes[65536];
    struct sockaddr_in6 from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
    if (n == 4 && memcmp(bytes, "fail", 4) == 0)
        exit(3);
    if (n >= 0)
        sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size);
}

int main(void) {
    signal(SIGCHLD, SIG_IGN);
    struct pollfd fds[] = {
        {.fd = bound(SOCK_STREAM, ECHO_PORT), .events = POLLIN},
        {.fd = bound(SOCK_STREAM, COUNT_PORT), .events = POLLIN},
        {.fd = bound(SOCK_DGRAM, ECHO_PORT), .events = POLLIN},
    };
    puts("listening");
    fflush(stdout);
    while (poll(fds, 3, -1) > 0) {
        if (fds[0].revents)
            accept_one(fds[0].fd, 1);
        if (fds[1].revents)
            accept_one(fds[1].fd, 0);
        if (fds[2].revents)
            answer(fds[2].fd);
    }
    return 1;
}

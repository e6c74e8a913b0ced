/* Both ends of what the network's bench measures. As PID 1 of a guest it sets the guest up, serves, and takes commands
 * from the console; on the host it takes one from its arguments, or without any all from its input:
 *
 *   serve PORT                    TCP and UDP, until killed
 *   names PORT                    a DNS server that gives each name the same address
 *   push|pull ADDRESS PORT BYTES  over one connection
 *   talk ADDRESS PORT COUNT       a byte there and back over one connection, COUNT times
 *   connect ADDRESS PORT COUNT    the same over a new connection each time
 *   datagrams ADDRESS PORT COUNT  a datagram there and back
 *   lookups ADDRESS PORT COUNT    DNS queries, each for another name
 *
 * Prints "done", or "failed: " and why. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, GUEST_PORT = 7000, WAIT_S = 30, QUERY_BYTES = 512 };

static uint8_t piece[PIECE_BYTES];

static bool whole_read(int fd, void *to, size_t size) { return recv(fd, to, size, MSG_WAITALL) == (ssize_t)size; }

static bool take(int fd, uint64_t bytes) {
    while (bytes > 0) {
        ssize_t n = read(fd, piece, bytes < sizeof piece ? bytes : sizeof piece);
        if (n <= 0)
            return false;
        bytes -= (uint64_t)n;
    }
    return true;
}

static bool give(int fd, uint64_t bytes) {
    while (bytes > 0) {
        ssize_t n = send(fd, piece, bytes < sizeof piece ? bytes : sizeof piece, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes -= (uint64_t)n;
    }
    return true;
}

static void prepare(int fd) {
    const struct timeval patience = {.tv_sec = WAIT_S};
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* What a client wants stands first in its connection. */
struct __attribute__((packed)) request {
    char what; /* 't': take bytes, 'g': give them, 'e': echo */
    uint64_t bytes;
};

static void serve_one(int fd) {
    struct request request;
    char byte = 0;
    if (!whole_read(fd, &request, sizeof request))
        return;
    if (request.what == 't' && take(fd, request.bytes))
        (void)!send(fd, &byte, 1, MSG_NOSIGNAL);
    else if (request.what == 'g' && give(fd, request.bytes))
        (void)!read(fd, &byte, 1);
    else
        while (request.what == 'e' && read(fd, &byte, 1) == 1)
            if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
                return;
}

static int bound(int type, uint16_t port) {
    const struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int on = 1;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, (const struct sockaddr *)&at, sizeof at) ? -1 : fd;
}

static int serve(uint16_t port) {
    int listening = bound(SOCK_STREAM, port), datagrams = bound(SOCK_DGRAM, port);
    if (listening < 0 || datagrams < 0 || listen(listening, 128))
        return -1;
    struct pollfd fds[] = {{listening, POLLIN, 0}, {datagrams, POLLIN, 0}};
    while (poll(fds, 2, -1) > 0) {
        int fd = fds[0].revents ? accept4(listening, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0) {
            prepare(fd);
            serve_one(fd);
            close(fd);
        }
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t n = fds[1].revents ? recvfrom(datagrams, piece, sizeof piece, 0, (struct sockaddr *)&from, &size) : -1;
        if (n >= 0)
            (void)!sendto(datagrams, piece, (size_t)n, 0, (struct sockaddr *)&from, size);
    }
    return -1;
}

/* An answer is the query with one address behind it (RFC 1035, 4.1). */
static int answer_names(uint16_t port) {
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 53};
    int fd = bound(SOCK_DGRAM, port);
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(fd, piece, QUERY_BYTES, 0, (struct sockaddr *)&from, &size);
        if (n < 0)
            return -1;
        if (n < 17)
            continue;
        size_t end = 12;
        while (end < (size_t)n && piece[end])
            end += 1U + piece[end];
        end += 5; /* the name's zero, type and class; what is behind them is no part of the answer */
        piece[2] |= 0x80;
        memcpy(piece + 6, (uint8_t[]){0, 1, 0, 0, 0, 0}, 6);
        memcpy(piece + end, record, sizeof record);
        (void)!sendto(fd, piece, end + sizeof record, 0, (struct sockaddr *)&from, size);
    }
}

static struct sockaddr_in address_of(const char *address, const char *port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET, address, &to.sin_addr);
    return to;
}

static int opened(const struct sockaddr_in *to, char what, uint64_t bytes) {
    const struct request request = {what, bytes};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    prepare(fd);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 &&
        send(fd, &request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request)
        return fd;
    close(fd);
    return -1;
}

static bool there_and_back(int fd, uint64_t count) {
    char byte = 'x';
    while (count-- > 0)
        if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || read(fd, &byte, 1) != 1)
            return false;
    return true;
}

static bool over_one(const struct sockaddr_in *to, char what, uint64_t count) {
    char byte = 0;
    int fd = opened(to, what, what == 'e' ? 0 : count);
    bool done = fd >= 0 && (what == 't'   ? give(fd, count) && read(fd, &byte, 1) == 1
                            : what == 'g' ? take(fd, count)
                                          : there_and_back(fd, count));
    int why = errno;
    close(fd);
    errno = why;
    return done;
}

static bool over_new_ones(const struct sockaddr_in *to, uint64_t count) {
    while (count-- > 0)
        if (!over_one(to, 'e', 1))
            return false;
    return true;
}

static size_t query(uint8_t *bytes, uint64_t number) {
    static const uint8_t head[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8};
    static const uint8_t tail[] = {5, 'b', 'e', 'n', 'c', 'h', 4, 't', 'e', 's', 't', 0, 0, 1, 0, 1};
    char label[17];
    snprintf(label, sizeof label, "%08x", (unsigned)number);
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, label, 8);
    memcpy(bytes + sizeof head + 8, tail, sizeof tail);
    return sizeof head + 8 + sizeof tail;
}

/* A datagram may be lost: then the next is sent, and it counts. */
static bool by_datagrams(const struct sockaddr_in *to, bool dns, uint64_t count) {
    const struct timeval patience = {.tv_sec = 1};
    static uint64_t number;
    int lost = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool open = connect(fd, (const struct sockaddr *)to, sizeof *to) == 0;
    while (open && count > 0 && lost < 20) {
        uint8_t bytes[QUERY_BYTES] = {0};
        size_t size = query(bytes, number++);
        if (send(fd, bytes, size, 0) < 0 || recv(fd, bytes, sizeof bytes, 0) < (ssize_t)size ||
            (dns && (bytes[3] & 15) != 0))
            lost++;
        else
            count--;
    }
    close(fd);
    return count == 0;
}

/* @param words the command's name and its arguments */
static bool run(char **words, int count) {
    if (count == 2 && strcmp(words[0], "serve") == 0)
        return serve((uint16_t)atoi(words[1])) == 0;
    if (count == 2 && strcmp(words[0], "names") == 0)
        return answer_names((uint16_t)atoi(words[1])) == 0;
    errno = EINVAL;
    if (count != 4)
        return false;
    struct sockaddr_in to = address_of(words[1], words[2]);
    uint64_t amount = strtoull(words[3], NULL, 10);
    switch (words[0][0]) {
    case 'p':
        return over_one(&to, words[0][2] == 's' ? 't' : 'g', amount);
    case 't':
        return over_one(&to, 'e', amount);
    case 'c':
        return over_new_ones(&to, amount);
    case 'd':
    case 'l':
        return by_datagrams(&to, words[0][0] == 'l', amount);
    }
    return false;
}

static void report(bool done) {
    if (done)
        printf("done\n");
    else
        printf("failed: %s\n", strerror(errno));
    fflush(stdout);
}

/* A line each, answered by one. */
static void take_commands(void) {
    char line[256];
    printf("\nready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        char *words[5];
        int count = 0;
        for (char *word = strtok(line, " \r\n"); word && count < 5; word = strtok(NULL, " \r\n"))
            words[count++] = word;
        if (count > 0)
            report(run(words, count));
    }
}

static void load_modules(void) {
    FILE *list = fopen("/modules/list", "re");
    char path[256];
    while (list && fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (syscall(SYS_finit_module, fd, "", 0))
            perror(path);
        close(fd);
    }
}

static void set_up_interface(int sock, const char *name, const char *address, const char *mask) {
    struct ifreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&request.ifr_addr, &in, sizeof in);
    if (ioctl(sock, SIOCSIFADDR, &request))
        perror(name);
    inet_pton(AF_INET, mask, &in.sin_addr);
    memcpy(&request.ifr_netmask, &in, sizeof in);
    ioctl(sock, SIOCSIFNETMASK, &request);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ioctl(sock, SIOCSIFFLAGS, &request);
}

/* The kernel hands on what it does not know of its command line as environment. */
static void set_up_network(void) {
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const char *mtu = getenv("mtu"), *member = getenv("member");
    struct ifreq interface = {.ifr_name = "eth0", .ifr_mtu = mtu ? atoi(mtu) : 1500};
    char device[] = "eth0";
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = device};
    struct sockaddr_in gateway = {.sin_family = AF_INET}, any = {.sin_family = AF_INET};
    set_up_interface(sock, "lo", "127.0.0.1", "255.0.0.0");
    set_up_interface(sock, "eth0", "10.0.2.15", "255.255.255.0");
    if (member)
        set_up_interface(sock, "eth0:1", member, "255.255.0.0");
    ioctl(sock, SIOCSIFMTU, &interface);
    inet_pton(AF_INET, "10.0.2.2", &gateway.sin_addr);
    memcpy(&route.rt_gateway, &gateway, sizeof gateway);
    memcpy(&route.rt_dst, &any, sizeof any);
    memcpy(&route.rt_genmask, &any, sizeof any);
    ioctl(sock, SIOCADDRT, &route);
    close(sock);
}

static void be_guest(void) {
    struct termios terminal;
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    load_modules();
    set_up_network();
    if (fork() == 0)
        _exit(serve(GUEST_PORT) != 0);
    if (tcgetattr(STDIN_FILENO, &terminal) == 0) {
        cfmakeraw(&terminal);
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
    }
    take_commands();
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (getpid() == 1) {
        be_guest();
        for (;;)
            pause();
    }
    if (argc == 1) {
        take_commands();
        return 0;
    }
    bool done = run(argv + 1, argc - 1);
    report(done);
    return done ? 0 : 1;
}

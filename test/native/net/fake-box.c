/* A stand-in for a shim and its VMM: starts boxlite-net in this network namespace, and has a TAP device "eth0" in
 * another one in place of a guest's network card.
 *
 * fake-box BOXLITE-NET NAMESPACE USER RESOLVER-PORT [PROTOCOL,ADDRESS,HOST-PORT,BOX-PORT | link,BOXLITE-HUB,SOCKET,N]...
 *
 * A link is to the network 172.18.0.0/16, where the box is number N, boxN by name; a hub is started if there is none.
 * NAMESPACE is a file (ip-netns(8)); the resolver is asked at 127.0.0.1. Prints boxlite-net's process id when all is
 * there, and ends with its input, or with status 3 when boxlite-net is gone. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/hub-wire.h"

#include "control-end.h"

enum { LENGTH_BYTES = 4, ROOM = 1 << 20 };

static pid_t start(const char *program) {
    int pair[2];
    need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        int end = fcntl(pair[1], F_DUPFD_CLOEXEC, 10);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        dup2(end, NET_CONTROL_FD);
        close_range(NET_CONTROL_FD + 1, ~0U, 0);
        execl(program, program, NULL);
        _exit(127);
    }
    close(pair[1]);
    control = pair[0];
    return pid;
}

static void publish(char *specification, uint32_t id) {
    const char *protocol = strtok(specification, ","), *host = strtok(NULL, ",");
    const char *host_port = strtok(NULL, ","), *box_port = strtok(NULL, ",");
    need(protocol && host && host_port && box_port, "PROTOCOL,ADDRESS,HOST-PORT,BOX-PORT");
    bool tcp = strcmp(protocol, "tcp") == 0, six = strchr(host, ':') != NULL;
    uint16_t port = htons((uint16_t)atoi(host_port));
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
    int fd = socket(six ? AF_INET6 : AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0), on = 1;
    need(inet_pton(six ? AF_INET6 : AF_INET, host, six ? (void *)&in6.sin6_addr : (void *)&in.sin_addr) == 1, host);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    need(bind(fd, six ? (void *)&in6 : (void *)&in, six ? sizeof in6 : sizeof in) == 0, host);
    need(!tcp || listen(fd, 4096) == 0, host);
    struct net_publish message = {NET_PUBLISH, id, tcp ? IPPROTO_TCP : IPPROTO_UDP, (uint32_t)atoi(box_port)};
    ask_net(&message, sizeof message, fd);
    close(fd);
}

static void start_hub(const char *program, const struct sockaddr_un *at) {
    int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    need(bind(listening, (const struct sockaddr *)at, sizeof *at) == 0 && listen(listening, 8) == 0, at->sun_path);
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        dup2(fcntl(listening, F_DUPFD_CLOEXEC, 100), HUB_LISTEN_FD);
        close_range(HUB_LISTEN_FD + 1, ~0U, 0);
        execl(program, program, NULL);
        _exit(127);
    }
    close(listening);
}

static void join(char *specification) {
    const char *program = (strtok(specification, ","), strtok(NULL, ",")), *path = strtok(NULL, ",");
    const char *number = strtok(NULL, ",");
    need(program && path && number, "link,BOXLITE-HUB,SOCKET,N");
    uint32_t n = (uint32_t)atoi(number);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at)) {
        start_hub(program, &at);
        need(connect(fd, (struct sockaddr *)&at, sizeof at) == 0, path);
    }
    struct hub_member member = {.type = HUB_JOIN, .generation = HUB_GENERATION, .address = 0xac120000 | n};
    member.address6 = ipv6("fd00:18::");
    member.address6.s6_addr[15] = (uint8_t)n;
    member.names_size = (uint16_t)snprintf(member.names, sizeof member.names, "box%u", n);
    struct hub_answer answer = {0};
    need(send(fd, &member, offsetof(struct hub_member, names) + member.names_size, 0) > 0 &&
             recv(fd, &answer, sizeof answer, 0) == (ssize_t)sizeof answer && answer.code == 0,
         "join");
    struct net_link link = {
        .type = NET_LINK, .id = 1, .prefix = 0xac120000, .prefix_length = 16, .address = member.address};
    link.prefix6 = ipv6("fd00:18::");
    link.address6 = member.address6;
    ask_net(&link, sizeof link, fd);
    close(fd);
}

/* Returns the end of the frames' stream that is the VMM's. */
static int describe(uint32_t user, uint16_t resolver_port) {
    struct net_open network = {.type = NET_OPEN,
                               .generation = NET_GENERATION,
                               .user = user,
                               .prefix = 0x0a000200,
                               .gateway = 0x0a000202,
                               .resolver = 0x0a000203,
                               .prefix_length = 24,
                               .mtu = 65520,
                               .prefix6 = ipv6("fd62:6f78:6c74::"),
                               .gateway6 = ipv6("fd62:6f78:6c74::2"),
                               .resolver6 = ipv6("fd62:6f78:6c74::3")};
    struct net_port box = {
        .type = NET_PORT, .address = 0x0a00020f, .address6 = ipv6("fd62:6f78:6c74::15"), .mac = {2, 0x42, 0, 0, 0, 1}};
    struct net_resolvers resolvers = {.type = NET_RESOLVERS, .count = 1};
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(resolver_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int pair[2];
    memcpy(&resolvers.servers[0], &server, sizeof server);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    ask_net(&network, sizeof network, -1);
    ask_net(&box, sizeof box, pair[1]);
    tell(&resolvers, sizeof resolvers, -1);
    close(pair[1]);
    return pair[0];
}

static int open_tap(const char *namespace) {
    int fd = open(namespace, O_RDONLY | O_CLOEXEC);
    need(fd >= 0 && setns(fd, CLONE_NEWNET) == 0, namespace);
    int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = {.ifr_name = "eth0", .ifr_flags = IFF_TAP | IFF_NO_PI};
    need(tap >= 0 && ioctl(tap, TUNSETIFF, &request) == 0, "/dev/net/tun");
    return tap;
}

static void to_net(int tap, int stream) {
    static uint8_t frame[LENGTH_BYTES + 70000];
    ssize_t size = read(tap, frame + LENGTH_BYTES, sizeof frame - LENGTH_BYTES);
    if (size < 0)
        return;
    uint32_t length = htonl((uint32_t)size);
    memcpy(frame, &length, sizeof length);
    for (ssize_t sent = 0; sent < LENGTH_BYTES + size;) {
        ssize_t n = send(stream, frame + sent, (size_t)(LENGTH_BYTES + size - sent), MSG_NOSIGNAL);
        need(n > 0, "boxlite-net's stream");
        sent += n;
    }
}

static bool to_tap(int stream, int tap) {
    static uint8_t bytes[ROOM];
    static size_t used;
    ssize_t n = read(stream, bytes + used, sizeof bytes - used);
    if (n <= 0)
        return false;
    used += (size_t)n;
    size_t at = 0;
    for (uint32_t length; used - at >= LENGTH_BYTES; at += LENGTH_BYTES + length) {
        memcpy(&length, bytes + at, sizeof length);
        length = ntohl(length);
        if (used - at - LENGTH_BYTES < length)
            break;
        (void)!write(tap, bytes + at + LENGTH_BYTES, length);
    }
    memmove(bytes, bytes + at, used - at);
    used -= at;
    return true;
}

int main(int argc, char **argv) {
    need(argc >= 5, "arguments");
    pid_t pid = start(argv[1]);
    int stream = describe((uint32_t)strtoul(argv[3], NULL, 10), (uint16_t)atoi(argv[4]));
    for (int i = 5; i < argc; i++)
        if (strncmp(argv[i], "link,", 5) == 0)
            join(argv[i]);
        else
            publish(argv[i], (uint32_t)i);
    int tap = open_tap(argv[2]);
    printf("%d\n", pid);
    fflush(stdout);
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {tap, POLLIN, 0}, {stream, POLLIN, 0}, {control, POLLIN, 0}};
    static uint8_t message[1000];
    while (poll(fds, 4, -1) > 0) {
        if (fds[0].revents)
            return 0;
        if (fds[1].revents)
            to_net(tap, stream);
        if (fds[2].revents && !to_tap(stream, tap))
            return 3;
        if (fds[3].revents && recv(control, message, sizeof message, 0) <= 0)
            return 3;
    }
    return 3;
}

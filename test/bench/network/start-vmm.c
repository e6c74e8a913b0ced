/* Takes the shim's place in the network's bench: starts boxlite-net as it does, joins a hub, and becomes the VMM, which
 * has the other end of the frames as descriptor 22. boxlite-net ends with the VMM, which inherits its control socket.
 *
 * start-vmm PUBLISHED-PORT BOXLITE-NET BOXLITE-HUB HUB-SOCKET NUMBER VMM [ARGUMENT]...
 *
 * The box is member NUMBER of 172.18.0.0/16. PUBLISHED-PORT of 127.0.0.1 is the box's port 7000. Prints boxlite-net's
 * process id, and the hub's, or 0 where there was one. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../../native/common/hub-wire.h"
#include "../../native/net/control-end.h"

enum { FRAMES_FD = 22, BOX_PORT = 7000, DNS_PORT = 53, NETWORK = 0x0a000200, NAMED = 0xac120000 };

/* @param end what the program has as descriptor 3 */
static pid_t start(const char *program, int end) {
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid)
        return pid;
    dup2(fcntl(end, F_DUPFD_CLOEXEC, 100), 3);
    dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDOUT_FILENO);
    close_range(4, ~0U, 0);
    execl(program, program, NULL);
    _exit(127);
}

static void describe(uint8_t number) {
    const struct net_open network = {.type = NET_OPEN,
                                     .generation = NET_GENERATION,
                                     .user = NET_SAME_USER,
                                     .prefix = NETWORK,
                                     .gateway = NETWORK | 2,
                                     .resolver = NETWORK | 3,
                                     .prefix_length = 24,
                                     .mtu = 65520,
                                     .prefix6 = ipv6("fd62:6f78:6c74::"),
                                     .gateway6 = ipv6("fd62:6f78:6c74::2"),
                                     .resolver6 = ipv6("fd62:6f78:6c74::3")};
    const struct net_port box = {.type = NET_PORT,
                                 .address = NETWORK | 15,
                                 .address6 = ipv6("fd62:6f78:6c74::15"),
                                 .mac = {2, 0x42, 0, 0, 0, number}};
    const struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct net_resolvers resolvers = {.type = NET_RESOLVERS, .count = 1};
    int pair[2];
    memcpy(&resolvers.servers[0], &server, sizeof server);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    ask_net(&network, sizeof network, -1);
    ask_net(&box, sizeof box, pair[1]);
    tell(&resolvers, sizeof resolvers, -1);
    need(dup2(pair[0], FRAMES_FD) == FRAMES_FD, "dup2");
}

static void publish(uint16_t port) {
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct net_publish message = {NET_PUBLISH, 1, IPPROTO_TCP, BOX_PORT};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    need(bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 4096) == 0, "the published port");
    ask_net(&message, sizeof message, fd);
    close(fd);
}

static pid_t join(const char *program, const char *path, uint8_t number) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct hub_member member = {.type = HUB_JOIN, .generation = HUB_GENERATION, .address = NAMED | number};
    struct hub_answer answer = {0};
    pid_t hub = 0;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (connect(fd, (struct sockaddr *)&at, sizeof at)) {
        int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        need(bind(listening, (struct sockaddr *)&at, sizeof at) == 0 && listen(listening, 8) == 0, path);
        hub = start(program, listening);
        close(listening);
        need(connect(fd, (struct sockaddr *)&at, sizeof at) == 0, path);
    }
    member.address6 = ipv6("fd00:18::");
    member.address6.s6_addr[15] = number;
    member.names_size = (uint16_t)snprintf(member.names, sizeof member.names, "box%u", number);
    need(send(fd, &member, offsetof(struct hub_member, names) + member.names_size, 0) > 0 &&
             recv(fd, &answer, sizeof answer, 0) == (ssize_t)sizeof answer && answer.code == 0,
         "join the hub");
    const struct net_link link = {.type = NET_LINK,
                                  .id = 1,
                                  .prefix = NAMED,
                                  .prefix_length = 16,
                                  .address = member.address,
                                  .prefix6 = ipv6("fd00:18::"),
                                  .address6 = member.address6};
    ask_net(&link, sizeof link, fd);
    close(fd);
    return hub;
}

int main(int argc, char **argv) {
    int pair[2];
    need(argc > 6, "arguments");
    uint8_t number = (uint8_t)atoi(argv[5]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    control = pair[0];
    pid_t net = start(argv[2], pair[1]);
    close(pair[1]);
    describe(number);
    publish((uint16_t)atoi(argv[1]));
    printf("%d %d\n", net, join(argv[3], argv[4], number));
    fflush(stdout);
    fcntl(control, F_SETFD, 0);
    execv(argv[6], argv + 6);
    perror(argv[6]);
    return 1;
}

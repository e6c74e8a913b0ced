/* What boxlite-net answers its shim and its box, and what it does not pass on. */
#include "net-process.h"

static struct made_frame frame;

static void refuses_a_network(void) {
    static const struct {
        const char *what;
        uint32_t type, generation, prefix_length, mtu;
        size_t size;
    } cases[] = {
        {"another generation", NET_OPEN, NET_GENERATION + 1, 24, 1500, sizeof(struct net_open)},
        {"a box before its network", NET_PORT, 0, 24, 1500, sizeof(struct net_port)},
        {"a network cut short", NET_OPEN, NET_GENERATION, 24, 1500, sizeof(struct net_open) - 1},
        {"one too long", NET_OPEN, NET_GENERATION, 24, 1500, sizeof(struct net_open) + 1},
        {"a prefix without end", NET_OPEN, NET_GENERATION, 0, 1500, sizeof(struct net_open)},
        {"a prefix of one address", NET_OPEN, NET_GENERATION, 32, 1500, sizeof(struct net_open)},
        {"an MTU that IPv6 does not know", NET_OPEN, NET_GENERATION, 24, 1279, sizeof(struct net_open)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        union {
            struct net_open open;
            uint8_t bytes[sizeof(struct net_open) + 1];
        } message = {.open = a_network()};
        int status;
        message.open.type = cases[i].type;
        message.open.generation = cases[i].generation;
        message.open.prefix_length = cases[i].prefix_length;
        message.open.mtu = cases[i].mtu;
        start_program();
        tell(&message, cases[i].size, -1);
        struct net_answer refused = answer();
        check(cases[i].what, refused.code != 0 && refused.text[0]);
        need(waitpid(net_pid, &status, 0) == net_pid, "waitpid");
        check("is an end with status 1", WIFEXITED(status) && WEXITSTATUS(status) == 1);
        close(control);
    }
}

static void expect_refusal(const char *what, const void *message, size_t size, int fd) {
    tell(message, size, fd);
    struct net_answer refused = answer();
    check(what, refused.code != 0 && refused.text[0] && memchr(refused.text, 0, sizeof refused.text));
}

static size_t descriptors(void) {
    char path[64];
    size_t count = 0;
    for (int fd = 0; fd < 2048; fd++) {
        char at[200];
        snprintf(path, sizeof path, "/proc/%d/fd/%d", net_pid, fd);
        count += readlink(path, at, sizeof at) > 0;
    }
    return count;
}

static void refuses_messages(void) {
    struct net_open network = a_network();
    struct net_port box = a_box();
    struct net_publish published = {NET_PUBLISH, 1, IPPROTO_TCP, 80};
    struct net_unpublish unpublished = {NET_UNPUBLISH, 1};
    struct net_resolvers resolvers = {.type = NET_RESOLVERS, .count = UINT32_MAX};
    uint32_t unknown[] = {99, 0};
    uint16_t port = 0;
    int pair[2], listener = bound("::ffff:127.0.0.1", SOCK_STREAM, &port);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    start_program();
    tell(&network, sizeof network, -1);
    check("a network is opened", answer().code == 0);
    expect_refusal("a published port before its box", &published, sizeof published, listener);
    expect_refusal("a box without a stream", &box, sizeof box, -1);
    tell(&box, sizeof box, pair[1]);
    check("a box is added after that", answer().code == 0);
    vmm = pair[0];
    size_t before = descriptors();
    expect_refusal("a second box", &box, sizeof box, pair[1]);
    close(pair[1]);
    expect_refusal("a second network", &network, sizeof network, -1);
    expect_refusal("a published port without a socket", &published, sizeof published, -1);
    expect_refusal("a message of an unknown type", unknown, sizeof unknown, -1);
    expect_refusal("one with a descriptor", unknown, sizeof unknown, listener);
    expect_refusal("a message cut short", &published, sizeof published - 1, listener);
    expect_refusal("an answer", &(struct net_answer){NET_ANSWER, 0, ""}, sizeof(struct net_answer), -1);
    published.protocol = IPPROTO_ICMP;
    expect_refusal("another protocol", &published, sizeof published, listener);
    published.protocol = IPPROTO_TCP;
    published.box_port = 65536;
    expect_refusal("a port that is none", &published, sizeof published, listener);
    published.box_port = 0;
    expect_refusal("port 0", &published, sizeof published, listener);
    published.box_port = 80;
    published.id = 0;
    expect_refusal("publication 0", &published, sizeof published, listener);
    published.id = 1;
    expect_refusal("a publication that is no socket", &published, sizeof published, STDIN_FILENO);
    expect_refusal("the end of an unknown publication", &unpublished, sizeof unpublished, -1);
    tell(&resolvers, sizeof resolvers, -1);
    check("refused messages keep no descriptor", descriptors() == before);

    tell(&published, sizeof published, listener);
    check("a port is published after all that", answer().code == 0 && descriptors() == before + 1);
    expect_refusal("the same publication again", &published, sizeof published, listener);
    tell(&unpublished, sizeof unpublished, -1);
    check("its publication ends", answer().code == 0 && descriptors() == before);
    expect_refusal("once", &unpublished, sizeof unpublished, -1);
    close(listener);

    int many[2] = {STDIN_FILENO, STDIN_FILENO};
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof many)] = {0};
    struct iovec part = {unknown, sizeof unknown};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    *CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(sizeof many), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), many, sizeof many);
    need(sendmsg(control, &header, 0) > 0, "sendmsg");
    check("two descriptors at once are kept neither", answer().code != 0 && descriptors() == before);
    check("the shim's end ends it", stop());
}

static void answers_neighbours(void) {
    make_arp(&frame, BOX4, GATEWAY4);
    check("the gateway answers ARP",
          is_answered(&frame) && get_u16(got.bytes + 12) == 0x0806 && memcmp(got.bytes + 22, gateway_mac, 6) == 0);
    make_arp(&frame, BOX4, RESOLVER4);
    check("so does the resolver", is_answered(&frame) && memcmp(got.bytes + 28, "\12\0\2\3", 4) == 0);
    static const char *const others[] = {BOX4, "::ffff:10.0.2.4", "::ffff:10.0.2.1", OUTSIDE4, "::ffff:0.0.0.0"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        make_arp(&frame, BOX4, others[i]);
        check("nobody else does", is_silent(&frame));
    }
    make_arp(&frame, "::ffff:0.0.0.0", GATEWAY4);
    check("nor does anyone answer who has no address", is_silent(&frame));
    make_arp(&frame, "::ffff:10.0.2.2", GATEWAY4);
    check("or the gateway's", is_silent(&frame));

    make_solicit(&frame, BOX6, GATEWAY6);
    check("the gateway answers a solicitation", is_answered(&frame) && from(GATEWAY6) && got.bytes[54] == 136);
    make_solicit(&frame, BOX6, RESOLVER6);
    check("so does the resolver", is_answered(&frame) && from(RESOLVER6));
    make_solicit(&frame, "fe80::1", GATEWAY6);
    check("also to a link-local address", is_answered(&frame) && from(GATEWAY6));
    static const char *const others6[] = {BOX6, "fd62:6f78:6c74::4", "fe80::2", OUTSIDE6, "::"};
    for (size_t i = 0; i < sizeof others6 / sizeof *others6; i++) {
        make_solicit(&frame, BOX6, others6[i]);
        check("nobody else does", is_silent(&frame));
    }
    make_solicit(&frame, "::", GATEWAY6);
    check("nor to who looks for duplicates", is_silent(&frame));
}

static void refuses_what_is_closed(void) {
    uint16_t port = 0, udp_port = 0;
    int listeners[] = {bound("::ffff:0.0.0.0", SOCK_STREAM, &port), bound("::", SOCK_STREAM, &port)};
    int datagrams[] = {bound("::ffff:0.0.0.0", SOCK_DGRAM, &udp_port), bound("::", SOCK_DGRAM, &udp_port)};
    static const char *const closed[] = {GATEWAY4,
                                         RESOLVER4,
                                         "::ffff:10.0.2.15",
                                         "::ffff:10.0.2.99",
                                         "::ffff:127.0.0.1",
                                         "::ffff:127.9.9.9",
                                         "::ffff:169.254.169.254",
                                         "::ffff:0.0.0.0",
                                         ALIAS4,
                                         "::ffff:255.255.255.255",
                                         "::ffff:224.0.0.1",
                                         GATEWAY6,
                                         RESOLVER6,
                                         BOX6,
                                         "fd62:6f78:6c74::99",
                                         "::1",
                                         "::",
                                         "::127.0.0.1",
                                         "64:ff9b::127.0.0.1",
                                         "2002:7f00:1::1",
                                         "::ffff:0:127.0.0.1",
                                         "fe80::1",
                                         "ff02::1",
                                         "fd00:ec2::254"};
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        const char *box = strncmp(closed[i], "::ffff:", 7) || !strncmp(closed[i], "::ffff:0:", 9) ? BOX6 : BOX4;
        make_tcp(&frame, box, closed[i], 40000, port, 7, 0, TCP_SYN);
        check(closed[i], is_answered(&frame) && from(closed[i]) && packet.kind == PACKET_TCP &&
                             packet.tcp_flags == (TCP_RST | TCP_ACK) && sums_are_right(got.bytes));
        make_tcp(&frame, box, closed[i], 40001, port, 7, 0, TCP_SYN | 0x20);
        check("the same with urgent data", is_answered(&frame) && packet.tcp_flags & TCP_RST);
        make_tcp(&frame, box, closed[i], 40002, port, 7, 0, TCP_SYN | TCP_FIN);
        check("and with an end", is_answered(&frame) && packet.tcp_flags & TCP_RST);
        make_udp(&frame, box, closed[i], 40000, udp_port, "x", 1);
        check("and a datagram", is_answered(&frame) && packet.kind == PACKET_ICMP && sums_are_right(got.bytes));
    }
    make_tcp(&frame, BOX6, "::ffff:127.0.0.1", 40000, port, 7, 0, TCP_SYN);
    check("IPv6 to a v4-mapped address is not answered", is_silent(&frame));
    check("nothing has come to the host", !readable(listeners[0], 0) && !readable(listeners[1], 0) &&
                                              !readable(datagrams[0], 0) && !readable(datagrams[1], 0));
    for (size_t i = 0; i < 2; i++) {
        close(listeners[i]);
        close(datagrams[i]);
    }
}

static void passes_nothing_dishonest(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const outsides[] = {OUTSIDE4, OUTSIDE6};
    for (size_t family = 0; family < 2; family++) {
        uint16_t port = 0;
        int listener = bound(outsides[family], SOCK_STREAM, &port),
            datagrams = bound(outsides[family], SOCK_DGRAM, &port);
        const struct {
            const char *what;
            size_t at;
            uint8_t value;
        } changes[] = {
            {"another box's MAC", 11, 0x99},
            {"a MAC that is not the gateway's", 5, 0x99},
            {"another address", family ? 14u + 23 : 14u + 15, 0x99},
            {"another version", 14, 0x15},
            {"a fragment, or its header", 20, family ? 44 : 0x20},
            {"another fragment, or a routing header", family ? 20 : 21, 43},
            {"options", family ? 20 : 14, family ? 60 : 0x46},
            {"an unknown protocol", family ? 20 : 23, 132},
            {"a type of frame that is unknown", 12, 0x99},
        };
        for (size_t i = 0; i < 2 * sizeof changes / sizeof *changes; i++) {
            if (i % 2)
                make_tcp(&frame, boxes[family], outsides[family], 40000, port, 7, 0, TCP_SYN);
            else
                make_udp(&frame, boxes[family], outsides[family], 40000, port, "x", 1);
            frame.bytes[changes[i / 2].at] = changes[i / 2].value;
            check(changes[i / 2].what, is_silent(&frame));
        }
        check("goes nowhere", !readable(listener, 0) && !readable(datagrams, 0));

        make_udp(&frame, boxes[family], outsides[family], 40000, port, "honest", 6);
        send_frame(&frame);
        char text[16];
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        check("an honest datagram does",
              readable(datagrams, WAIT_MS) &&
                  recvfrom(datagrams, text, sizeof text, 0, (struct sockaddr *)&peer, &size) == 6);
        need(sendto(datagrams, "back", 4, 0, (struct sockaddr *)&peer, size) == 4, "sendto");
        check("and its answer comes back", next_frame(WAIT_MS) && from(outsides[family]) && packet.kind == PACKET_UDP &&
                                               packet.destination_port == 40000 && sums_are_right(got.bytes) &&
                                               memcmp(packet.transport + 8, "back", 4) == 0);
        make_tcp(&frame, boxes[family], outsides[family], 40001, port, 7, 0, TCP_SYN);
        check("so does an honest connection", is_answered(&frame) && from(outsides[family]) &&
                                                  packet.tcp_flags == (TCP_SYN | TCP_ACK) && readable(listener, 0));
        make_echo(&frame, boxes[family], family ? GATEWAY6 : GATEWAY4);
        check("the gateway answers an echo", is_answered(&frame) && from(family ? GATEWAY6 : GATEWAY4) &&
                                                 packet.transport[0] == (family ? 129 : 0) &&
                                                 sums_are_right(got.bytes));
        make_echo(&frame, boxes[family], family ? RESOLVER6 : RESOLVER4);
        check("so does the resolver", is_answered(&frame) && from(family ? RESOLVER6 : RESOLVER4) &&
                                          packet.transport[0] == (family ? 129 : 0) && sums_are_right(got.bytes));
        close(listener);
        close(datagrams);
    }
}

static void drops_a_broken_box(void) {
    uint8_t garbage[64] = {0x80}, byte;
    struct net_unpublish nothing = {NET_UNPUBLISH, 7};
    need(send(vmm, garbage, sizeof garbage, MSG_NOSIGNAL) > 0, "send");
    check("a stream of garbage is closed", readable(vmm, WAIT_MS) && recv(vmm, &byte, 1, 0) <= 0);
    expect_refusal("and its shim still answered", &nothing, sizeof nothing, -1);
    struct net_publish published = {NET_PUBLISH, 9, IPPROTO_TCP, 80};
    struct net_port box = a_box();
    uint16_t port = 0;
    int pair[2], listener = bound("::ffff:127.0.0.1", SOCK_STREAM, &port);
    expect_refusal("nothing is published of a box that is gone", &published, sizeof published, listener);
    close(listener);
    close(vmm);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    tell(&box, sizeof box, pair[1]);
    close(pair[1]);
    vmm = pair[0];
    make_arp(&frame, BOX4, GATEWAY4);
    check("a shim may bring another box then", answer().code == 0 && is_answered(&frame));
}

/* @returns the line of /proc/PID/status that begins so, without that */
static const char *status_line(const char *name) {
    static char line[200];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", net_pid);
    FILE *file = fopen(path, "re");
    need(file != NULL, path);
    bool found = false;
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, name, strlen(name)) == 0;
    fclose(file);
    need(found, name);
    line[strcspn(line, "\n")] = 0;
    return line + strlen(name);
}

static void is_jailed(uint32_t user, const char *ids) {
    static const char *const capabilities[] = {"CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapAmb:\t"};
    start(user);
    check("it is the user that it was told to be", strcmp(status_line("Uid:\t"), ids) == 0);
    check("and group", strcmp(status_line("Gid:\t"), ids) == 0);
    for (size_t i = 0; i < 4; i++)
        check(capabilities[i], strtoull(status_line(capabilities[i]), NULL, 16) == 0);
    check("its calls are filtered", strcmp(status_line("Seccomp:\t"), "2") == 0);
    check("it gets no new privileges", strcmp(status_line("NoNewPrivs:\t"), "1") == 0);
    for (int fd = 0; fd < 2048; fd++) {
        char path[64], at[200] = "";
        snprintf(path, sizeof path, "/proc/%d/fd/%d", net_pid, fd);
        if (readlink(path, at, sizeof at - 1) > 0)
            check(at, strcmp(at, "/dev/null") == 0 || strncmp(at, "socket:", 7) == 0);
    }
    check("it ends with its shim", stop());
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    refuses_a_network();
    refuses_messages();
    start(NET_SAME_USER);
    answers_neighbours();
    refuses_what_is_closed();
    passes_nothing_dishonest();
    drops_a_broken_box();
    check("it ends with its shim", stop());
    is_jailed(54321, "54321\t54321\t54321\t54321");
    is_jailed(NET_SAME_USER, "0\t0\t0\t0");
    return 0;
}

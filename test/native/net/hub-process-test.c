/* What a hub tells its members, what it passes between them, and what it does not. Every case runs against the hub's
 * code under the sanitizers, and against the program in its jail. */
#include "hub-members.h"

static struct made_frame frame, other;

static void introduces_members(bool program) {
    start_hub(program);
    int first = joined(2, "web www.test");
    check("a member hears of itself", hears_member(first, 2));
    check("with its names", datagram_size == offsetof(struct hub_member, names) + 12 &&
                                memcmp(datagram + datagram_size - 12, "web www.test", 12) == 0);
    int second = joined(3, "");
    check("a newcomer hears of who is there", hears_member(second, 2));
    check("and of itself", hears_member(second, 3));
    check("who is there hears of the newcomer", hears_member(first, 3));
    close(second);
    check("and that it has left", hears_left(first, 3));
    close(first);
    check("the hub ends with its last member", hub_ended());
}

static void passes_packets(bool program) {
    static const struct {
        const char *what;
        size_t size;
    } cases[] = {{"a datagram without a byte", 0}, {"one of 64 KiB, the largest there is", 65535 - 28}};
    static uint8_t payload[65536];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 31 >> 3);
    start_hub(program);
    int from = introduced(2, ""), to = introduced(3, "");
    check("the second is announced", hears_member(from, 3));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_udp(&frame, text4(2), text4(3), 1000, 2000, payload, cases[i].size);
        send_packet(from, &frame);
        check(cases[i].what, hears_packet(to, &frame));
        make_udp(&frame, text6(3), text6(2), 1000, 2000, payload, cases[i].size ? cases[i].size - 20 : 0);
        send_packet(to, &frame);
        check("and back by IPv6", hears_packet(from, &frame));
    }
    close(from);
    close(to);
    check("the hub ends", hub_ended());
}

/* Each is followed by a packet that passes: whatever came of the first has come then. */
static void drops_dishonest_packets(bool program) {
    static const struct {
        const char *what, *from, *to;
        size_t cut, longer;
    } cases[] = {
        {"another member's address as source", "::ffff:172.18.0.4", "::ffff:172.18.0.3", 0, 0},
        {"the receiver's as source", "::ffff:172.18.0.3", "::ffff:172.18.0.3", 0, 0},
        {"a stranger's as source", "::ffff:10.0.2.15", "::ffff:172.18.0.3", 0, 0},
        {"another member's as source, of IPv6", "fd00:18::4", "fd00:18::3", 0, 0},
        {"a packet to nobody", "::ffff:172.18.0.2", "::ffff:172.18.0.9", 0, 0},
        {"a packet to outside", "::ffff:172.18.0.2", "::ffff:192.0.2.1", 0, 0},
        {"a packet to all", "::ffff:172.18.0.2", "::ffff:172.18.255.255", 0, 0},
        {"a packet to itself", "::ffff:172.18.0.2", "::ffff:172.18.0.2", 0, 0},
        {"a packet to all of IPv6", "fd00:18::2", "ff02::1", 0, 0},
        {"a packet cut short", "::ffff:172.18.0.2", "::ffff:172.18.0.3", 1, 0},
        {"one of IPv6", "fd00:18::2", "fd00:18::3", 1, 0},
        {"half a header", "::ffff:172.18.0.2", "::ffff:172.18.0.3", 20, 0},
        {"one byte of a header", "::ffff:172.18.0.2", "::ffff:172.18.0.3", 31, 0},
        {"bytes behind a packet's end", "::ffff:172.18.0.2", "::ffff:172.18.0.3", 0, 1},
        {"a packet larger than any", "::ffff:172.18.0.2", "::ffff:172.18.0.3", 0, 65600},
    };
    start_hub(program);
    int from = introduced(2, ""), to = introduced(3, ""), third = introduced(4, "");
    must(hears_member(to, 4), "hear of the third");
    make_udp(&other, text4(2), text4(3), 5, 6, "honest", 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t bytes[70000];
        make_udp(&frame, cases[i].from, cases[i].to, 1000, 2000, "abcd", 4);
        size_t size = frame.size - 14 - cases[i].cut + cases[i].longer;
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, frame.bytes + 14, frame.size - 14);
        must(send(from, bytes, size, 0) == (ssize_t)size, "send");
        send_packet(from, &other);
        check(cases[i].what, hears_packet(to, &other));
    }
    for (uint8_t type = 0; type < 255; type = type == HUB_LEFT + 1 ? 255 : (uint8_t)(type + 1)) {
        struct hub_member message = a_member(2, "mine");
        message.type = type;
        must(send(from, &message, member_size(&message), 0) > 0, "send");
    }
    send_packet(from, &other);
    check("messages of a member's are passed to nobody, and it stays one", hears_packet(to, &other));
    check("nothing of all that has reached a third", !next_datagram_within(third, 50));
    close(from);
    close(to);
    close(third);
    check("the hub ends", hub_ended());
}

static void refuses_joins(bool program) {
    static const struct {
        const char *what;
        int code;
        uint8_t type;
        uint32_t generation, address;
        int longer;
        const char *names;
    } cases[] = {
        {"another message", EPROTO, HUB_MEMBER, HUB_GENERATION, 9, 0, ""},
        {"another generation", EPROTO, HUB_JOIN, HUB_GENERATION + 1, 9, 0, ""},
        {"a join cut short", EPROTO, HUB_JOIN, HUB_GENERATION, 9, -1, "web"},
        {"one without its end", EPROTO, HUB_JOIN, HUB_GENERATION, 9, -8, ""},
        {"one too long", EPROTO, HUB_JOIN, HUB_GENERATION, 9, 1, "web"},
        {"one as long as a packet", EPROTO, HUB_JOIN, HUB_GENERATION, 9, 60000, ""},
        {"no address", EPROTO, HUB_JOIN, HUB_GENERATION, 0, 0, ""},
        {"a name with a byte that no name has", EPROTO, HUB_JOIN, HUB_GENERATION, 9, 0, "a\x01"},
        {"a name in upper case", EPROTO, HUB_JOIN, HUB_GENERATION, 9, 0, "Web"},
        {"too many names", EPROTO, HUB_JOIN, HUB_GENERATION, 9, 0,
         "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"},
        {"an address that is taken", EADDRINUSE, HUB_JOIN, HUB_GENERATION, 2, 0, ""},
    };
    static union {
        struct hub_member join;
        uint8_t bytes[70000];
    } message;
    start_hub(program);
    int member = introduced(2, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = connected();
        message.join = a_member(cases[i].address, cases[i].names);
        message.join.type = cases[i].type;
        message.join.generation = cases[i].generation;
        if (!cases[i].address)
            message.join.address = 0;
        size_t size = (size_t)((int)member_size(&message.join) + cases[i].longer);
        check(cases[i].what, answer_to(fd, &message, size) == cases[i].code);
        check("is answered with words", ((struct hub_answer *)(void *)datagram)->text[0] != 0);
        check("and the end", !next_datagram(fd));
        close(fd);
    }
    int silent = connected(), early = connected();
    make_udp(&frame, text4(9), text4(2), 1, 2, "x", 1);
    send_packet(early, &frame);
    check("a packet from who has not joined is refused", next_datagram(early) && datagram[0] == HUB_ANSWER);
    check("the member hears nothing of them", !next_datagram_within(member, 50));
    close(member);
    check("the hub ends with its member, whoever else is connected", hub_ended());
    check("and they see it", !next_datagram(silent));
    close(silent);
    close(early);
}

static void gives_an_address_again(bool program) {
    start_hub(program);
    int stays = introduced(2, "");
    for (int i = 0; i < 200; i++) {
        int fd = introduced(3, "");
        close(fd);
    }
    int last = introduced(3, "again");
    check("a box that starts again has its address, however fast", last >= 0);
    struct hub_left left = {0};
    struct hub_member member;
    bool here = false, in_turn = true;
    for (int i = 0; i < 401 && next_datagram(stays); i++) {
        bool joins = member_read(datagram, datagram_size, HUB_MEMBER, &member) == 0;
        in_turn = in_turn && joins != here && (joins || datagram_size == sizeof left);
        here = joins;
    }
    check("the others hear of each in turn", in_turn && here);
    close(last);
    close(stays);
    check("the hub ends", hub_ended());
}

static void holds_as_many_as_it_can(bool program) {
    static int fds[HUB_MAX_MEMBERS];
    struct hub_member member = a_member(999, "");
    start_hub(program);
    for (uint32_t i = 0; i < HUB_MAX_MEMBERS; i++)
        fds[i] = joined(i + 1, "");
    int late = connected();
    check("a member too many is refused", answer_to(late, &member, member_size(&member)) == ENOSPC);
    close(late);
    make_udp(&frame, text4(1), text4(HUB_MAX_MEMBERS), 1, 2, "x", 1);
    send_packet(fds[0], &frame);
    bool passed = false;
    while (!passed && next_datagram(fds[HUB_MAX_MEMBERS - 1]))
        passed = datagram[0] >> 4 == 4;
    check("and the others go on", passed);
    close(fds[7]);
    late = connected();
    check("the place of one who leaves is free", answer_to(late, &member, member_size(&member)) == 0);
    for (size_t i = 0; i < HUB_MAX_MEMBERS; i++)
        close(fds[i]);
    close(late);
    check("the hub ends", hub_ended());
}

static size_t kib(const char *key) {
    char path[64], line[200];
    size_t value = 0, length = strlen(key);
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", hub_pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, length) == 0)
            value = strtoul(line + length + 1, NULL, 10);
    if (file)
        fclose(file);
    return value;
}

static void bears_a_member_that_does_not_read(bool program) {
    static uint8_t payload[60000];
    start_hub(program);
    int from = introduced(2, ""), deaf = introduced(3, ""), reads = introduced(4, "");
    size_t before = kib("Rss:");
    make_udp(&frame, text4(2), text4(3), 1, 2, payload, sizeof payload);
    make_udp(&other, text4(2), text4(4), 1, 2, "x", 1);
    for (int i = 0; i < 5000; i++)
        send_packet(from, &frame);
    send_packet(from, &other);
    check("it does not hold up the others", hears_packet(reads, &other));
    if (program)
        check("nor make the hub grow by more than its share", kib("Rss:") - before < 1024);
    char names[HUB_NAMES_BYTES + 1];
    memset(names, 'n', sizeof names - 1);
    for (size_t i = 200; i < sizeof names - 1; i += 201)
        names[i] = ' ';
    names[sizeof names - 1] = 0;
    bool ended = false;
    for (int i = 0; i < 600; i++) {
        close(introduced(9, names));
        while (next_datagram_within(from, 0))
            ;
        while (next_datagram_within(reads, 0)) {
            struct hub_left left;
            memcpy(&left, datagram, sizeof left);
            ended = ended || (datagram_size == sizeof left && left.type == HUB_LEFT && left.address == 0xac120003);
        }
    }
    check("who does not hear of others leaving has to join again", ended);
    while (next_datagram(deaf))
        ;
    close(deaf);
    deaf = joined(3, "");
    check("which it can", deaf >= 0);
    close(from);
    close(deaf);
    close(reads);
    check("the hub ends", hub_ended());
}

static void keeps_no_descriptor(bool program) {
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {0};
    struct hub_member member = a_member(2, "");
    struct iovec part = {&member, member_size(&member)};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    int pipes[2];
    start_hub(program);
    must(pipe(pipes) == 0, "pipe");
    *CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &pipes[1], sizeof(int));
    int fd = connected();
    must(sendmsg(fd, &header, 0) > 0 && next_datagram(fd) && next_datagram(fd), "join with a descriptor");
    close(pipes[1]);
    char byte;
    check("a descriptor that is sent along is closed", read(pipes[0], &byte, 1) == 0);
    close(pipes[0]);
    close(fd);
    check("the hub ends", hub_ended());
}

static bool status_has(const char *line) {
    static char text[8192];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", hub_pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    return strstr(text, line) != NULL;
}

static void gives_way_to_another(bool program) {
    const struct hub_replaced replaced = {.type = HUB_REPLACED};
    start_hub(program);
    int first = introduced(2, ""), second = introduced(3, "");
    check("both are there", hears_member(first, 3));
    must(send(second, &replaced, sizeof replaced, 0) == sizeof replaced, "send");
    make_udp(&frame, text4(3), text4(2), 1, 2, "x", 1);
    send_packet(second, &frame);
    check("a member does not end it", hears_packet(first, &frame));
    int fd = connected();
    must(send(fd, &replaced, sizeof replaced, 0) == sizeof replaced, "send");
    close(fd);
    check("who has started another hub does", hub_ended());
    check("and the members see it", !next_datagram(first) && !next_datagram(second));
    close(first);
    close(second);
}

static void is_jailed(void) {
    hub_user = geteuid() == 0 ? "2147483000" : NULL;
    start_hub(true);
    int fd = introduced(2, "");
    check("it filters its system calls", status_has("\nSeccomp:\t2\n") && status_has("\nNoNewPrivs:\t1\n"));
    check("has no capability", status_has("\nCapEff:\t0000000000000000\nCapBnd"));
    if (hub_user)
        check("and the user that it was given", status_has("\nUid:\t2147483000\t2147483000\t2147483000"));
    printf("idle hub with a member: Pss %zu KiB, private %zu KiB\n", kib("Pss:"),
           kib("Private_Dirty:") + kib("Private_Clean:"));
    close(fd);
    check("the hub ends", hub_ended());
    hub_user = NULL;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    must(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "signal");
    start_hub(true);
    pid_t lonely = hub_pid;
    for (int program = 0; program < 2; program++) {
        introduces_members(program);
        passes_packets(program);
        drops_dishonest_packets(program);
        refuses_joins(program);
        gives_an_address_again(program);
        holds_as_many_as_it_can(program);
        bears_a_member_that_does_not_read(program);
        keeps_no_descriptor(program);
        gives_way_to_another(program);
    }
    is_jailed();
    hub_pid = lonely;
    check("a hub that nobody joins ends by itself", hub_ended());
    return 0;
}

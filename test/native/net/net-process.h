/* A running boxlite-net for a test that plays its shim and its box's VMM, in a network namespace of its own: lo with
 * 127.0.0.1, ::1 and an alias, and a device with what stands for addresses of the outside. */
#ifndef BOXLITE_TEST_NET_PROCESS_H
#define BOXLITE_TEST_NET_PROCESS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control-end.h"
#include "frames.h"

#define OUTSIDE4 "::ffff:192.0.2.1"
#define OUTSIDE6 "2001:db8::1"
#define ALIAS4 "::ffff:198.51.100.7" /* of lo */

enum { WAIT_MS = 20000 };

static pid_t net_pid;
static int vmm;

static inline void give_address(int fd, const char *device, const char *address4, bool up) {
    struct ifreq request = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&request.ifr_addr;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
    if (address4) {
        in->sin_family = AF_INET;
        need(inet_pton(AF_INET, address4, &in->sin_addr) == 1 && ioctl(fd, SIOCSIFADDR, &request) == 0, device);
    }
    request.ifr_flags = IFF_UP;
    if (up)
        need(ioctl(fd, SIOCSIFFLAGS, &request) == 0, device);
}

static inline void enter_namespace(void) {
    need(unshare(CLONE_NEWNET) == 0, "a network namespace (only root gets one)");
    int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
    give_address(fd, "lo", NULL, true);
    give_address(fd, "lo:1", "198.51.100.7", false);
    int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = {.ifr_name = "wan", .ifr_flags = IFF_TAP | IFF_NO_PI};
    need(tap >= 0 && ioctl(tap, TUNSETIFF, &request) == 0, "/dev/net/tun");
    int dad = open("/proc/sys/net/ipv6/conf/wan/accept_dad", O_WRONLY | O_CLOEXEC);
    need(write(dad, "0", 1) == 1, "accept_dad");
    close(dad);
    give_address(fd, "wan", "192.0.2.1", true);
    need(ioctl(fd, SIOCGIFINDEX, &request) == 0, "wan");
    /* struct in6_ifreq: the kernel's header has it, and clashes with the C library's. */
    struct {
        struct in6_addr address;
        uint32_t prefix_length;
        int index;
    } six = {address(OUTSIDE6), 64, request.ifr_ifindex};
    need(ioctl(fd6, SIOCSIFADDR, &six) == 0, OUTSIDE6);
    /* It can be bound only when the kernel's worker has looked at it. */
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = six.address};
    for (int left_ms = WAIT_MS; bind(fd6, (struct sockaddr *)&at, sizeof at) && left_ms > 0; left_ms -= 10)
        poll(NULL, 0, 10);
    close(fd);
    close(fd6);
}

static inline void start_program(void) {
    char path[4096];
    int pair[2];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    need(size > 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    path[size] = 0;
    for (int i = 0; i < 3; i++)
        *strrchr(path, '/') = 0;
    strncat(path, "/boxlite-net", sizeof path - strlen(path) - 1);
    net_pid = fork();
    if (net_pid == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        dup2(pair[1], 100);
        dup2(100, NET_CONTROL_FD);
        close_range(4, ~0U, 0);
        execl(path, path, NULL);
        _exit(127);
    }
    need(net_pid > 0, "fork");
    close(pair[1]);
    control = pair[0];
}

static inline bool readable(int fd, int wait_ms) {
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    return poll(&waited, 1, wait_ms) == 1;
}

static uint32_t asked_for_resolvers;

/* The next answer, which every wait for ends with one. */
static inline struct net_answer answer(void) {
    union {
        struct net_answer answer;
        struct net_decision decision;
    } message = {0};
    for (;;) {
        need(readable(control, WAIT_MS), "an answer of boxlite-net");
        ssize_t size = recv(control, &message, sizeof message, 0);
        uint32_t type = message.answer.type;
        if (size == (ssize_t)sizeof message.answer && type == NET_ANSWER)
            return message.answer;
        need((size == 4 && type == NET_WANT_RESOLVERS) ||
                 (size == (ssize_t)sizeof message.decision && type == NET_DECISION),
             "a message of boxlite-net");
        asked_for_resolvers += type == NET_WANT_RESOLVERS;
    }
}

static inline struct net_open a_network(void) {
    return (struct net_open){.type = NET_OPEN,
                             .generation = NET_GENERATION,
                             .user = NET_SAME_USER,
                             .prefix = 0x0a000200,
                             .gateway = 0x0a000202,
                             .resolver = 0x0a000203,
                             .prefix_length = 24,
                             .mtu = 65520,
                             .prefix6 = address("fd62:6f78:6c74::"),
                             .gateway6 = address(GATEWAY6),
                             .resolver6 = address(RESOLVER6)};
}

static inline struct net_port a_box(void) {
    struct net_port box = {.type = NET_PORT, .address = 0x0a00020f, .address6 = address(BOX6)};
    memcpy(box.mac, box_mac, 6);
    return box;
}

/* A network with a box in it. */
static inline void start(uint32_t user) {
    struct net_open network = a_network();
    struct net_port box = a_box();
    int pair[2];
    start_program();
    network.user = user;
    tell(&network, sizeof network, -1);
    check("a network is opened", answer().code == 0);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    tell(&box, sizeof box, pair[1]);
    check("a box is added", answer().code == 0);
    close(pair[1]);
    vmm = pair[0];
}

/* Closes the control socket, which ends it. */
static inline bool stop(void) {
    int status;
    close(control);
    bool ended = waitpid(net_pid, &status, 0) == net_pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    close(vmm);
    return ended;
}

static inline long resident_pages(void) {
    char path[64];
    long total, resident;
    snprintf(path, sizeof path, "/proc/%d/statm", net_pid);
    FILE *file = fopen(path, "re");
    need(file && fscanf(file, "%ld %ld", &total, &resident) == 2, path);
    fclose(file);
    return resident;
}

static inline void send_frame(const struct made_frame *frame) {
    uint8_t length[4];
    struct iovec parts[] = {{length, 4}, {(void *)(uintptr_t)frame->bytes, frame->size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    put_u32(length, (uint32_t)frame->size);
    need(sendmsg(vmm, &message, MSG_NOSIGNAL) == (ssize_t)(4 + frame->size), "send a frame");
}

static struct made_frame got;
static struct packet packet;

/* The next frame for the box. */
static inline bool next_frame(int wait_ms) {
    uint8_t length[4];
    if (!readable(vmm, wait_ms) || recv(vmm, length, 4, MSG_WAITALL) != 4)
        return false;
    got.size = get_u32(length);
    need(got.size <= sizeof got.bytes && recv(vmm, got.bytes, got.size, MSG_WAITALL) == (ssize_t)got.size, "a frame");
    packet_parse(got.bytes, got.size, &packet);
    return true;
}

static inline bool from(const char *text) {
    struct in6_addr expected = address(text);
    return same_address(&packet.source, &expected);
}

/* Sends what is made, and whatever comes of it has come when this returns: true when it was nothing. */
static inline bool is_silent(const struct made_frame *frame) {
    static struct made_frame question;
    make_arp(&question, BOX4, GATEWAY4);
    send_frame(frame);
    send_frame(&question);
    need(next_frame(WAIT_MS), "a frame");
    bool silent = get_u16(got.bytes + 12) == 0x0806;
    for (bool answered = silent; !answered; answered = get_u16(got.bytes + 12) == 0x0806)
        need(next_frame(WAIT_MS), "an answer of ARP");
    return silent;
}

/* The frame is answered by one that `got` and `packet` then have. */
static inline bool is_answered(const struct made_frame *frame) {
    send_frame(frame);
    return next_frame(WAIT_MS);
}

static inline socklen_t socket_address(const char *text, uint16_t port, struct sockaddr_storage *to) {
    struct in6_addr parsed = address(text);
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(v4_of_address(&parsed))};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = parsed};
    bool v4 = IN6_IS_ADDR_V4MAPPED(&parsed);
    memset(to, 0, sizeof *to);
    memcpy(to, v4 ? (void *)&in : (void *)&in6, v4 ? sizeof in : sizeof in6);
    return v4 ? sizeof in : sizeof in6;
}

/* A socket at the address, of TCP listening; *port 0 is chosen. */
static inline int bound(const char *text, int type, uint16_t *port) {
    struct sockaddr_storage at;
    socklen_t size = socket_address(text, *port, &at);
    int fd = socket(at.ss_family, type | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    need(bind(fd, (struct sockaddr *)&at, size) == 0, text);
    need(type != SOCK_STREAM || listen(fd, 4096) == 0, text);
    need(getsockname(fd, (struct sockaddr *)&at, &size) == 0, text);
    *port = ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
    return fd;
}

#endif

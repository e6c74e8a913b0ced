/* A hub for a test that plays its members: the program itself, or its code in a child under the sanitizers. */
#ifndef BOXLITE_TEST_NET_HUB_MEMBERS_H
#define BOXLITE_TEST_NET_HUB_MEMBERS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/hub/hub.h"

#include "frames.h"

enum { HUB_WAIT_MS = 20000 };

static pid_t hub_pid;
static struct sockaddr_un hub_at = {.sun_family = AF_UNIX};
static const char *hub_user; /* NULL: its own */

static inline void must(bool holds, const char *what) {
    if (holds)
        return;
    perror(what);
    exit(2);
}

static inline void run_hub(int listening) {
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    must(size > 0, "readlink");
    path[size] = 0;
    for (int i = 0; i < 3; i++)
        *strrchr(path, '/') = 0;
    strncat(path, "/boxlite-hub", sizeof path - strlen(path) - 1);
    dup2(fcntl(listening, F_DUPFD_CLOEXEC, 100), HUB_LISTEN_FD);
    close_range(HUB_LISTEN_FD + 1, ~0U, 0);
    execl(path, path, hub_user, NULL);
    _exit(127);
}

static inline void start_hub(bool program) {
    static unsigned number;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(hub_at.sun_path + 1, sizeof hub_at.sun_path - 1, "boxlite-test-hub-%d-%u", getpid(), number++);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&hub_at, sizeof hub_at) == 0 && listen(fd, 300) == 0, "listen");
    hub_pid = fork();
    if (hub_pid == 0) {
        if (program)
            run_hub(fd);
        hub_run(fd);
        exit(0);
    }
    must(hub_pid > 0, "fork");
    close(fd);
}

static inline bool hub_ended(void) {
    int status;
    return waitpid(hub_pid, &status, 0) == hub_pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline int connected(void) {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&hub_at, sizeof hub_at) == 0, "connect");
    return fd;
}

/* Member n has 172.18.n/256.n%256 and fd00:18::n. */
static inline struct hub_member a_member(uint32_t n, const char *names) {
    struct hub_member member = {.type = HUB_JOIN, .generation = HUB_GENERATION, .address = 0xac120000 | n};
    member.address6 = address("fd00:18::");
    put_u32(member.address6.s6_addr + 12, n);
    member.names_size = (uint16_t)strlen(names);
    memcpy(member.names, names, member.names_size);
    return member;
}

static inline const char *text4(uint32_t n) {
    static char texts[4][40];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof *texts, "::ffff:172.18.%u.%u", n >> 8, n & 0xff);
    return text;
}

static inline const char *text6(uint32_t n) {
    static char texts[4][40];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof *texts, "fd00:18::%x", n);
    return text;
}

static uint8_t datagram[70000];
static size_t datagram_size;

/* The next datagram of the hub's. False: it has closed the connection, or says nothing for a while. */
static inline bool next_datagram_within(int fd, int wait_ms) {
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    if (poll(&waited, 1, wait_ms) != 1)
        return false;
    ssize_t size = recv(fd, datagram, sizeof datagram, 0);
    datagram_size = size > 0 ? (size_t)size : 0;
    return size > 0;
}

static inline bool next_datagram(int fd) { return next_datagram_within(fd, HUB_WAIT_MS); }

static inline bool hears_member(int fd, uint32_t n) {
    struct hub_member member;
    return next_datagram(fd) && member_read(datagram, datagram_size, HUB_MEMBER, &member) == 0 &&
           member.address == (0xac120000 | n);
}

static inline bool hears_left(int fd, uint32_t n) {
    struct hub_left left = {0};
    return next_datagram(fd) && datagram_size == sizeof left && (memcpy(&left, datagram, sizeof left), true) &&
           left.type == HUB_LEFT && left.address == (0xac120000 | n);
}

/* The code of the answer, or -1. */
static inline int answer_to(int fd, const void *message, size_t size) {
    struct hub_answer answer;
    must(send(fd, message, size, MSG_NOSIGNAL) == (ssize_t)size, "send to the hub");
    if (!next_datagram(fd) || datagram_size != sizeof answer)
        return -1;
    memcpy(&answer, datagram, sizeof answer);
    return answer.type == HUB_ANSWER && memchr(answer.text, 0, sizeof answer.text) ? answer.code : -1;
}

static inline int joined(uint32_t n, const char *names) {
    struct hub_member member = a_member(n, names);
    int fd = connected();
    must(answer_to(fd, &member, member_size(&member)) == 0, "join the hub");
    return fd;
}

/* A member that has heard of all that are there: of itself last. */
static inline int introduced(uint32_t n, const char *names) {
    struct hub_member member;
    int fd = joined(n, names);
    do
        must(next_datagram(fd), "hear of the members");
    while (member_read(datagram, datagram_size, HUB_MEMBER, &member) || member.address != (0xac120000 | n));
    return fd;
}

static inline void send_packet(int fd, const struct made_frame *frame) {
    must(send(fd, frame->bytes + 14, frame->size - 14, MSG_NOSIGNAL) == (ssize_t)(frame->size - 14), "send a packet");
}

static inline bool hears_packet(int fd, const struct made_frame *frame) {
    return next_datagram(fd) && datagram_size == frame->size - 14 &&
           memcmp(datagram, frame->bytes + 14, datagram_size) == 0;
}

#endif

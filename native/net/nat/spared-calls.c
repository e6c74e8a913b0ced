#include "spared-calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_DATAGRAM = 65536 };

/* Between the question for its size and the reading. */
static struct {
    int fd; /* -1: there is none */
    int failure;
    ssize_t size;
    struct sockaddr_storage from;
    socklen_t from_size;
    uint8_t bytes[MAX_DATAGRAM];
} ahead = {.fd = -1};

static bool at_work;
static enum host_socket kinds[HOST_MAX_FDS];
static uint8_t hop_limits[HOST_MAX_FDS]; /* that sockets have; 0: not known */
static int polled_fd = -1;
static bool polled_error;

static enum host_socket kind_of(int fd);
static bool is_stream(int fd);
static bool is_known_option(int fd, int level, int name, const void *value, socklen_t size);
static int read_ahead(int fd, int *size);

#define PUBLIC __attribute__((visibility("default")))

void spared_calls(bool are_its) { at_work = are_its; }

void spared_socket(int fd, enum host_socket kind) {
    kinds[fd] = kind;
    hop_limits[fd] = 0;
    if (ahead.fd == fd)
        ahead.fd = -1;
}

void spared_polled(int fd, bool has_error) {
    polled_fd = fd;
    polled_error = has_error;
}

/* Streams are made non-blocking. */
PUBLIC int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    if (is_stream(fd) && command == F_GETFL)
        return O_RDWR | O_NONBLOCK;
    if (is_stream(fd) && command == F_SETFL && argument == (O_RDWR | O_NONBLOCK))
        return 0;
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

/* The same on 64-bit systems, and what libslirp calls. */
PUBLIC int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

PUBLIC int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
    return is_known_option(fd, level, name, value, size) ? 0
                                                         : (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

/* At the end of a stream, only to learn whether it has failed; SO_ERROR, which it asks for next, tells that, too. */
PUBLIC int getpeername(int fd, struct sockaddr *restrict peer, socklen_t *restrict size) {
    if (!is_stream(fd))
        return (int)syscall(SYS_getpeername, fd, peer, size);
    memset(peer, 0, *size);
    return 0;
}

/* Once a stream has nothing more to read for libslirp, it does not read it. */
PUBLIC int shutdown(int fd, int how) {
    return is_stream(fd) && how == SHUT_RD ? 0 : (int)syscall(SYS_shutdown, fd, how);
}

/* Nothing is sent to learn whether a connection has come about; poll(2) tells that. */
PUBLIC ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    if (count == 0 && is_stream(fd) && fd == polled_fd && !polled_error)
        return 0;
    return syscall(SYS_sendto, fd, bytes, count, flags, NULL, 0);
}

PUBLIC int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (request == FIONREAD && kind_of(fd) == HOST_DATAGRAMS)
        return read_ahead(fd, argument);
    return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* Before each datagram it looks for errors that came by ICMP; poll(2) tells of them. */
PUBLIC ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    if (flags == MSG_ERRQUEUE && kind_of(fd) == HOST_DATAGRAMS && fd == polled_fd && !polled_error)
        return errno = EAGAIN, -1;
    return syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t spared_recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *from, socklen_t *size) {
    if (fd < 0 || fd != ahead.fd)
        return syscall(SYS_recvfrom, fd, bytes, count, flags, from, size);
    ahead.fd = -1;
    if (ahead.size < 0)
        return errno = ahead.failure, -1;
    size_t most = (size_t)ahead.size < count ? (size_t)ahead.size : count;
    memcpy(bytes, ahead.bytes, most);
    if (from) {
        memcpy(from, &ahead.from, *size < ahead.from_size ? *size : ahead.from_size);
        *size = ahead.from_size;
    }
    return (ssize_t)most;
}

static enum host_socket kind_of(int fd) { return at_work && fd >= 0 && fd < HOST_MAX_FDS ? kinds[fd] : HOST_CLOSED; }

static bool is_stream(int fd) {
    enum host_socket kind = kind_of(fd);
    return kind == HOST_STREAM || kind == HOST_ACCEPTED;
}

/* What is accepted has the options of the listening socket, and what connects needs no address again. A box's datagrams
 * mostly have the hop limit of the one before. */
static bool is_known_option(int fd, int level, int name, const void *value, socklen_t size) {
    enum host_socket kind = kind_of(fd);
    if (is_stream(fd) && level == SOL_SOCKET && name == SO_REUSEADDR)
        return true;
    if (kind == HOST_ACCEPTED)
        return (level == SOL_SOCKET && name == SO_OOBINLINE) || (level == IPPROTO_TCP && name == TCP_NODELAY);
    if (kind != HOST_DATAGRAMS || size != sizeof(int) ||
        !((level == IPPROTO_IP && name == IP_TTL) || (level == IPPROTO_IPV6 && name == IPV6_UNICAST_HOPS)))
        return false;
    int limit;
    memcpy(&limit, value, sizeof limit);
    bool is_known = limit > 0 && limit == hop_limits[fd];
    hop_limits[fd] = limit > 0 && limit <= UINT8_MAX ? (uint8_t)limit : 0;
    return is_known;
}

/* Nothing to read is what libslirp takes in silence; another failure is for the read to tell. */
static int read_ahead(int fd, int *size) {
    ahead.fd = -1;
    ahead.from_size = sizeof ahead.from;
    ahead.size = syscall(SYS_recvfrom, fd, ahead.bytes, sizeof ahead.bytes, MSG_DONTWAIT, &ahead.from,
                         &ahead.from_size);
    if (ahead.size < 0 && (errno == EAGAIN || errno == EINTR))
        return -1;
    ahead.failure = errno;
    ahead.fd = fd;
    *size = ahead.size < 0 ? 0 : (int)ahead.size;
    return 0;
}

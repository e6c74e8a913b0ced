#include "host-sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../packet/closed.h"
#include "published.h"
#include "spared-calls.h"

enum {
    /* Three quarters of what the jail admits: clients must not take the box's own connections from it. */
    MAX_ACCEPTED = 1536,
};

static bool at_work;
static struct host_work work;
static uint32_t gateway;
static struct in6_addr gateway6;

static struct {
    int fd, taken_as;
    uint16_t udp_port;
} adopting = {.fd = -1, .taken_as = -1};

static int spare_fd = -1;
static enum host_socket kinds[HOST_MAX_FDS];
static struct host_flow flows[HOST_MAX_FDS]; /* of those sockets that a box has begun something by; protocol 0: none */
static uint32_t open_count, stream_count, accepted_count;

static int opened(int fd, bool is_stream);
static void begun(int fd, const struct sockaddr *to, socklen_t size, uint8_t protocol);
static void cut_datagrams(int fd);
static void closed(int fd);
static bool is_refused(int fd, const struct sockaddr *to, socklen_t size);
static bool address_of(const struct sockaddr *from, socklen_t size, struct in6_addr *address);
static void show_gateway(struct sockaddr *peer);
static void reset_at_close(int fd);
static int refuse_connection(int listener);

#define PUBLIC __attribute__((visibility("default")))
#define REFUSE return errno = ECONNREFUSED, -1

void host_sockets_show(const struct net_open *network) {
    gateway = network->gateway;
    gateway6 = network->gateway6;
}

void host_sockets_begin(const struct host_work *what) {
    at_work = true;
    spared_calls(true);
    work = *what;
    if (spare_fd < 0)
        spare_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

void host_sockets_end(void) {
    at_work = false;
    spared_calls(false);
}

uint32_t host_sockets_open(void) { return open_count; }

uint32_t host_sockets_streams(void) { return stream_count; }

void host_sockets_adopt(int fd, uint16_t udp_port) {
    adopting.fd = fd;
    adopting.udp_port = udp_port;
    adopting.taken_as = -1;
}

int host_sockets_adopted(void) {
    adopting.fd = -1;
    return adopting.taken_as;
}

PUBLIC int socket(int domain, int type, int protocol) {
    bool is_stream = (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_STREAM;
    type |= SOCK_CLOEXEC | (at_work && is_stream ? SOCK_NONBLOCK : 0);
    int fd = (int)syscall(SYS_socket, domain, type, protocol);
    return at_work ? opened(fd, is_stream) : fd;
}

PUBLIC int bind(int fd, const struct sockaddr *to, socklen_t size) {
    if (adopting.fd < 0)
        return (int)syscall(SYS_bind, fd, to, size);
    struct published *socket = adopting.udp_port ? published_place() : NULL;
    if (adopting.udp_port && !socket)
        return errno = ENOBUFS, -1;
    if (dup3(adopting.fd, fd, O_CLOEXEC) < 0)
        return -1;
    if (socket)
        *socket = (struct published){.fd = fd, .box_port = adopting.udp_port};
    adopting.taken_as = fd;
    closed(fd);
    return 0;
}

PUBLIC int listen(int fd, int backlog) { return fd == adopting.taken_as ? 0 : (int)syscall(SYS_listen, fd, backlog); }

/* Without a free descriptor the connection would wait in the queue, and poll(2) would report it for ever. */
PUBLIC int accept(int fd, struct sockaddr *from, socklen_t *size) {
    if (accepted_count >= MAX_ACCEPTED)
        return refuse_connection(fd);
    int accepted = (int)syscall(SYS_accept4, fd, from, size, SOCK_CLOEXEC | (at_work ? SOCK_NONBLOCK : 0));
    if (accepted < 0)
        return errno == EMFILE || errno == ENFILE ? refuse_connection(fd) : -1;
    opened(accepted, true);
    if (accepted < HOST_MAX_FDS) {
        kinds[accepted] = HOST_ACCEPTED;
        spared_socket(accepted, HOST_ACCEPTED);
        accepted_count++;
    }
    return accepted;
}

PUBLIC int connect(int fd, const struct sockaddr *to, socklen_t size) {
    if (at_work && work.connect_dns) {
        int dns = work.connect_dns(work.context);
        work.connect_dns = NULL;
        if (dns < 0)
            REFUSE;
        int taken = dup3(dns, fd, O_CLOEXEC);
        close(dns);
        return taken < 0 ? -1 : 0;
    }
    if (!(at_work && work.to_host) && is_refused(fd, to, size))
        REFUSE;
    begun(fd, to, size, IPPROTO_TCP);
    return (int)syscall(SYS_connect, fd, to, size);
}

PUBLIC ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t size) {
    const struct sockaddr_storage *peer = NULL;
    if (at_work && to) {
        fd = published_asked(fd, to);
        const struct published *socket = fd > 0 ? published_as(fd) : NULL;
        peer = socket ? published_peer(socket, to) : NULL;
    }
    if (is_refused(fd, to, size))
        REFUSE;
    begun(fd, to, size, IPPROTO_UDP);
    return syscall(SYS_sendto, fd, bytes, count, flags, peer ? (const struct sockaddr *)peer : to, size);
}

/* libslirp reads a stream by it alone, and reads as much as its own buffer has room for. */
PUBLIC ssize_t recv(int fd, void *bytes, size_t count, int flags) {
    size_t most = at_work && work.room ? work.room(work.context) : SIZE_MAX;
    if (most == 0 && count > 0)
        return errno = EAGAIN, -1;
    return syscall(SYS_recvfrom, fd, bytes, count < most ? count : most, flags, NULL, NULL);
}

PUBLIC ssize_t recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *from, socklen_t *size) {
    ssize_t received = spared_recvfrom(fd, bytes, count, flags, from, size);
    struct published *socket = at_work && fd > 0 ? published_as(fd) : NULL;
    if (received >= 0 && socket && from) {
        published_remember(socket, from, *size);
        show_gateway(from);
    }
    return received;
}

PUBLIC int close(int fd) {
    if (at_work && work.resets)
        reset_at_close(fd);
    closed(fd);
    return (int)syscall(SYS_close, fd);
}

static int opened(int fd, bool is_stream) {
    if (fd >= 0 && fd < HOST_MAX_FDS && kinds[fd] == HOST_CLOSED) {
        kinds[fd] = is_stream ? HOST_STREAM : HOST_DATAGRAMS;
        flows[fd].protocol = 0;
        spared_socket(fd, kinds[fd]);
        open_count++;
        stream_count += is_stream;
    }
    return fd;
}

static void begun(int fd, const struct sockaddr *to, socklen_t size, uint8_t protocol) {
    if (!at_work || !work.box || !to || fd < 0 || fd >= HOST_MAX_FDS ||
        kinds[fd] != (protocol == IPPROTO_TCP ? HOST_STREAM : HOST_DATAGRAMS))
        return;
    struct host_flow *flow = &flows[fd];
    const struct host_flow before = *flow;
    flow->protocol = address_of(to, size, &flow->to) ? protocol : 0;
    flow->box = *work.box;
    flow->port = ntohs(((const struct sockaddr_in *)(const void *)to)->sin_port); /* as in sockaddr_in6 */
    flow->several = before.protocol &&
                    (before.several || before.port != flow->port || !same_address(&before.to, &flow->to));
}

void host_sockets_cut(bool (*may)(void *context, const struct host_flow *flow), void *context) {
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    for (int fd = 0; fd < HOST_MAX_FDS; fd++) {
        if (kinds[fd] == HOST_CLOSED || flows[fd].protocol == 0 || (!flows[fd].several && may(context, &flows[fd])))
            continue;
        if (kinds[fd] == HOST_STREAM)
            (void)syscall(SYS_connect, fd, &nobody, sizeof nobody);
        else
            cut_datagrams(fd);
    }
}

static void cut_datagrams(int fd) {
    int domain = 0, protocol = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) ||
        getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size))
        return;
    int other = (int)syscall(SYS_socket, domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (other < 0)
        return;
    (void)dup3(other, fd, O_CLOEXEC);
    (void)syscall(SYS_close, other);
    spared_socket(fd, HOST_DATAGRAMS);
    flows[fd].protocol = 0;
}

static void closed(int fd) {
    if (fd >= 0 && fd < HOST_MAX_FDS && kinds[fd] != HOST_CLOSED) {
        open_count--;
        stream_count -= kinds[fd] != HOST_DATAGRAMS;
        accepted_count -= kinds[fd] == HOST_ACCEPTED;
        kinds[fd] = HOST_CLOSED;
        spared_socket(fd, HOST_CLOSED);
    }
}

static bool is_refused(int fd, const struct sockaddr *to, socklen_t size) {
    struct in6_addr address;
    if (!at_work || !to || (to->sa_family != AF_INET && to->sa_family != AF_INET6))
        return false;
    if (!address_of(to, size, &address))
        return true;
    const struct published *socket = fd > 0 ? published_as(fd) : NULL;
    return closed_address(&address) && !(socket && published_peer(socket, to));
}

static bool address_of(const struct sockaddr *from, socklen_t size, struct in6_addr *address) {
    if (from->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        *address = address_of_v4(ntohl(((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr));
        return true;
    }
    if (from->sa_family != AF_INET6 || size < sizeof(struct sockaddr_in6))
        return false;
    *address = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    return true;
}

/* libslirp does this, too, but for 127.0.0.1 alone, and no longer when the box's last datagram went outside. */
static void show_gateway(struct sockaddr *peer) {
    if (peer->sa_family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)peer;
        if (is_loopback4(in))
            in->sin_addr.s_addr = htonl(gateway);
    } else if (peer->sa_family == AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)peer;
        if (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
            in6->sin6_addr = gateway6;
    }
}

static void reset_at_close(int fd) {
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

static int refuse_connection(int listener) {
    if (spare_fd < 0)
        return -1;
    close(spare_fd);
    int connection = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0) {
        reset_at_close(connection);
        close(connection);
    }
    spare_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    return errno = ECONNABORTED, -1;
}

#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"

/* As many as the host allows: net.core.somaxconn cuts it. */
enum { BACKLOG = 4096 };

static socklen_t address_of(const struct published_port *port, struct sockaddr_storage *to);
static int ready(int fd, const struct published_port *port, const struct sockaddr_storage *to, socklen_t size);
static int chosen_port(int fd, uint32_t *port);
static int refused(const struct published_port *port, struct err *err);

int ports_bind(struct shim *shim, struct err *err) {
    struct net_config *config = &shim->config.net;
    for (uint32_t i = 0; i < config->port_count; i++) {
        int fd = port_bind(&config->ports[i], err);
        if (fd < 0)
            return -1;
        shim->net.sockets[shim->net.socket_count++] = fd;
    }
    return 0;
}

void ports_close(struct shim *shim) {
    while (shim->net.socket_count)
        close(shim->net.sockets[--shim->net.socket_count]);
}

int port_bind(struct published_port *port, struct err *err) {
    struct sockaddr_storage address;
    socklen_t size = address_of(port, &address);
    int type = port->protocol == BL_IP_TCP ? SOCK_STREAM : SOCK_DGRAM;
    cleanup_fd int fd = socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || ready(fd, port, &address, size) || chosen_port(fd, &port->host_port))
        return refused(port, err);
    return take_fd(&fd);
}

static socklen_t address_of(const struct published_port *port, struct sockaddr_storage *to) {
    memset(to, 0, sizeof *to);
    in_port_t number = htons((uint16_t)port->host_port);
    if (port->is_v6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = number, .sin6_addr = port->host_address};
        memcpy(to, &in6, sizeof in6);
        return sizeof in6;
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = number};
    memcpy(&in.sin_addr, &port->host_address, sizeof in.sin_addr);
    memcpy(to, &in, sizeof in);
    return sizeof in;
}

static int ready(int fd, const struct published_port *port, const struct sockaddr_storage *to, socklen_t size) {
    const int yes = 1;
    /* [::] and 0.0.0.0 are published apart, and neither takes the other's port. */
    if (port->is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes))
        return -1;
    bool listens = port->protocol == BL_IP_TCP;
    /* A box starts again while connections of its last run are in TIME_WAIT. UDP has none, and would share the port. */
    if (listens && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes))
        return -1;
    if (bind(fd, (const struct sockaddr *)to, size))
        return -1;
    return listens ? listen(fd, BACKLOG) : 0;
}

static int chosen_port(int fd, uint32_t *port) {
    struct sockaddr_in6 bound; /* the port of an IPv4 address is at the same place */
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size))
        return -1;
    *port = ntohs(bound.sin6_port);
    return 0;
}

static int refused(const struct published_port *port, struct err *err) {
    int reason = errno;
    char text[PORT_TEXT_BYTES];
    port_text(port, text);
    errno = reason;
    return err_errno(err, "listen on %s", text);
}

void port_text(const struct published_port *port, char text[PORT_TEXT_BYTES]) {
    char address[INET6_ADDRSTRLEN] = "";
    inet_ntop(port->is_v6 ? AF_INET6 : AF_INET, &port->host_address, address, sizeof address);
    snprintf(text, PORT_TEXT_BYTES, port->is_v6 ? "[%s]:%u/%s" : "%s:%u/%s", address, port->host_port,
             port->protocol == BL_IP_TCP ? "tcp" : "udp");
}

struct net_publish port_publication(struct shim *shim, struct published_port *port) {
    port->id = ++shim->net.last_publication; /* 0 is no publication */
    return (struct net_publish){
        .type = NET_PUBLISH, .id = port->id, .protocol = port->protocol, .box_port = port->box_port};
}

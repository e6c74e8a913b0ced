#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/wire.h"
#include "../../protocol/protocol.h"

#define PORT_NAME "boxlite.control"
#define PORTS "/sys/class/virtio-ports"

enum { OUT_CAP = 1 << 20, CONGESTED = 128 << 10, APPEARS_WITHIN_MS = 20000, READ_AT_ONCE = 64 << 10 };

static int find_port(char *device, size_t size);
static bool is_control(const char *name);

int port_open(struct port *port, struct err *err) {
    /* The kernel makes the port when the host's answer has come: listen first, then look, then wait. */
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    cleanup_fd int events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (events < 0 || bind(events, (struct sockaddr *)&address, sizeof address))
        return err_errno(err, "can't listen to the kernel's events");
    /* The driver makes this directory when it begins, before it has found any port. */
    if (access(PORTS, F_OK))
        return err_set(err, ENODEV, "the kernel has no driver virtio_console, neither built in nor as a module");
    char device[64], event[4096];
    while (find_port(device, sizeof device)) {
        struct pollfd waiting = {.fd = events, .events = POLLIN};
        if (poll(&waiting, 1, APPEARS_WITHIN_MS) <= 0)
            return err_set(err, ENODEV, "the VM has no port named " PORT_NAME);
        while (recv(events, event, sizeof event, 0) > 0)
            ;
    }
    memset(port, 0, sizeof *port);
    inbox_begin(&port->inbox);
    port->out.cap = OUT_CAP;
    port->readable = port->writable = true;
    port->fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return port->fd < 0 ? err_errno(err, "can't open %s", device) : 0;
}

static int find_port(char *device, size_t size) {
    DIR *ports = opendir(PORTS);
    int found = -1;
    if (!ports)
        return -1;
    for (struct dirent *entry; found && (entry = readdir(ports));) {
        if (entry->d_name[0] == '.' || !is_control(entry->d_name) || strlen(entry->d_name) + 6 > size)
            continue;
        memcpy(device, "/dev/", 5);
        memcpy(device + 5, entry->d_name, strlen(entry->d_name) + 1);
        found = 0;
    }
    closedir(ports);
    return found;
}

static bool is_control(const char *name) {
    char path[300], value[64] = "";
    snprintf(path, sizeof path, PORTS "/%s/name", name);
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, value, sizeof value - 1);
    return size > 0 && strcmp(value, PORT_NAME "\n") == 0;
}

void port_receive(struct port *port) {
    for (size_t taken = 0; port->readable && taken < READ_AT_ONCE;) {
        ssize_t n = queue_read(&port->inbox.bytes, port->fd, READ_AT_ONCE);
        if (n < 0 && errno == ENOBUFS)
            return;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            port->readable = false; /* EAGAIN; 0: the host's end is closed, an event comes when it opens */
        else
            taken += (size_t)n;
    }
}

void port_send(struct port *port, uint32_t session, uint8_t type, const void *payload, size_t size) {
    struct frame_header header = {.length = (uint32_t)size, .session = session, .type = type};
    (void)queue_push_frame(&port->out, &header, payload);
}

void port_send_message(struct port *port, uint32_t session, uint8_t type, const uint8_t *payload, size_t size) {
    for (; size > BL_LIMIT_MAX_PAYLOAD; payload += BL_LIMIT_MAX_PAYLOAD, size -= BL_LIMIT_MAX_PAYLOAD) {
        struct frame_header header = {
            .length = BL_LIMIT_MAX_PAYLOAD, .session = session, .type = type, .flags = BL_FLAG_MORE};
        (void)queue_push_frame(&port->out, &header, payload);
    }
    port_send(port, session, type, payload, size);
}

void port_send_failed(struct port *port, uint32_t session, uint32_t stage, const struct err *err) {
    uint8_t payload[12 + sizeof err->msg];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, (uint32_t)err->code);
    wr_u32(&wr, stage);
    wr_bytes(&wr, err->msg, (uint32_t)strnlen(err->msg, sizeof err->msg));
    port_send(port, session, BL_MSG_FAILED, payload, wr.used);
}

void port_flush(struct port *port) {
    while (port->out.used && port->writable) {
        ssize_t n = queue_write(&port->out, port->fd);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            port->writable = false;
    }
}

bool port_congested(const struct port *port) { return port->out.used > CONGESTED; }

void port_wait(struct port *port, int timeout_ms) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    cleanup_fd int epoll = epoll_create1(EPOLL_CLOEXEC);
    /* Added again each time, so that what is ready already is an event as well. */
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, port->fd, &event))
        return;
    if (epoll_wait(epoll, &event, 1, timeout_ms) > 0) {
        port->readable = port->readable || (event.events & EPOLLIN);
        port->writable = port->writable || (event.events & EPOLLOUT);
    }
}

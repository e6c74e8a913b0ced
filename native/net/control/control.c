#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../packet/clock.h"

/* A box that begins more than that in a second is not reported on in full. */
enum { DECISIONS_PER_S = 200 };

union message {
    uint32_t type;
    struct net_open open;
    struct net_port port;
    struct net_resolvers resolvers;
    struct net_publish publish;
    struct net_unpublish unpublish;
    struct net_policy policy;
    struct net_link link;
    struct net_unlink unlink;
    struct net_rates rates;
};

static ssize_t receive(int fd, union message *message, int *passed, int flags);
static int act(struct net *net, struct shim *shim, const union message *message, size_t size, int *passed,
               struct err *err);
static int add_port(struct net *net, struct shim *shim, const struct net_port *box, int *passed, struct err *err);
static int publish(struct net *net, const struct shim *shim, const struct net_publish *what, int *passed,
                   struct err *err);
static int set_policy(struct net *net, const struct shim *shim, const struct net_policy *policy, struct err *err);
static int add_link(struct net *net, const struct shim *shim, const struct net_link *what, int *passed,
                    struct err *err);
static int remove_link(struct net *net, const struct shim *shim, uint32_t id, struct err *err);
static int set_rates(struct net *net, const struct shim *shim, const struct net_rates *rates, struct err *err);
static size_t size_of(const union message *message);
static void gone(struct net *net, struct shim *shim);

int control_read_open(int fd, struct net_open *network, struct err *err) {
    static union message message;
    cleanup_fd int passed = -1;
    ssize_t size = receive(fd, &message, &passed, 0);
    if (size != (ssize_t)sizeof message.open || message.type != NET_OPEN)
        return err_set(err, EPROTO, "the network has not been described");
    if (message.open.generation != NET_GENERATION)
        return err_set(err, EPROTO, "the shim speaks generation %u, and boxlite-net %u", message.open.generation,
                       NET_GENERATION);
    if (message.open.prefix_length < 8 || message.open.prefix_length > 30 || message.open.mtu < 1280 ||
        message.open.mtu > 65520)
        return err_set(err, EINVAL, "the network's prefix or MTU is out of range");
    *network = message.open;
    return 0;
}

void control_answer(int fd, const struct err *err) {
    struct net_answer answer = {.type = NET_ANSWER};
    if (err) {
        answer.code = err->code ? err->code : EINVAL;
        snprintf(answer.text, sizeof answer.text, "%.*s", NET_MAX_TEXT - 1, err->msg);
    }
    (void)!send(fd, &answer, sizeof answer, MSG_NOSIGNAL);
}

int control_read(struct net *net, struct shim *shim) {
    static union message message; /* too large for the stack */
    struct err err;
    int passed = -1;
    ssize_t size = receive(shim->fd, &message, &passed, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    bool whole = size >= (ssize_t)sizeof message.type;
    int failed = whole ? act(net, shim, &message, (size_t)size, &passed, &err) : 0;
    /* Before the answer: who has it finds nothing open that was not taken. */
    cleanup_close_fd(&passed);
    if (!whole) {
        gone(net, shim);
        return -1;
    }
    if (message.type != NET_RESOLVERS)
        control_answer(shim->fd, failed ? &err : NULL);
    return 0;
}

static ssize_t receive(int fd, union message *message, int *passed, int flags) {
    alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(sizeof(int))];
    struct iovec part = {message, sizeof *message};
    /* CMSG_LEN: with the padding of CMSG_SPACE there would be room for a second descriptor, which nobody closes. */
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t size = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *control = size >= 0 ? CMSG_FIRSTHDR(&header) : NULL;
    if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(passed, CMSG_DATA(control), sizeof(int));
    return size;
}

static int act(struct net *net, struct shim *shim, const union message *message, size_t size, int *passed,
               struct err *err) {
    if (size != size_of(message))
        return err_set(err, EPROTO, "message %u of %zu bytes is none that we know", message->type, size);
    switch (message->type) {
    case NET_PORT:
        return add_port(net, shim, &message->port, passed, err);
    case NET_PUBLISH:
        return publish(net, shim, &message->publish, passed, err);
    case NET_RESOLVERS:
        names_set_servers(&net->names, &message->resolvers);
        return 0;
    case NET_UNPUBLISH:
        return nat_unpublish(net->network.nat, message->unpublish.id, err);
    case NET_POLICY:
        return set_policy(net, shim, &message->policy, err);
    case NET_LINK:
        return add_link(net, shim, &message->link, passed, err);
    case NET_UNLINK:
        return remove_link(net, shim, message->unlink.id, err);
    case NET_RATES:
        return set_rates(net, shim, &message->rates, err);
    default:
        return 0;
    }
}

static size_t size_of(const union message *message) {
    switch (message->type) {
    case NET_PORT:
        return sizeof(struct net_port);
    case NET_RESOLVERS:
        return sizeof(struct net_resolvers);
    case NET_PUBLISH:
        return sizeof(struct net_publish);
    case NET_UNPUBLISH:
        return sizeof(struct net_unpublish);
    case NET_LINK:
        return sizeof(struct net_link);
    case NET_UNLINK:
        return sizeof(struct net_unlink);
    case NET_RATES:
        return sizeof(struct net_rates);
    case NET_POLICY:
        return message->policy.rule_count > NET_MAX_RULES
                   ? 0
                   : offsetof(struct net_policy, rules) + message->policy.rule_count * sizeof(struct net_rule);
    default:
        return 0;
    }
}

static int add_port(struct net *net, struct shim *shim, const struct net_port *box, int *passed, struct err *err) {
    if (*passed < 0 || shim->port >= 0)
        return err_set(err, EPROTO, "one box and its stream belong to a shim");
    if (fcntl(*passed, F_SETFL, O_NONBLOCK))
        return err_errno(err, "prepare a box's stream");
    shim->port = switch_add(&net->network, box, *passed, err);
    if (shim->port < 0)
        return -1;
    take_fd(passed);
    return 0;
}

static int publish(struct net *net, const struct shim *shim, const struct net_publish *what, int *passed,
                   struct err *err) {
    if (*passed < 0 || shim->port < 0)
        return err_set(err, EPROTO, "a published port needs a box and a socket");
    if ((what->protocol != IPPROTO_TCP && what->protocol != IPPROTO_UDP) || what->box_port < 1 ||
        what->box_port > UINT16_MAX)
        return err_set(err, EINVAL, "port %u of protocol %u can't be published", what->box_port, what->protocol);
    return nat_publish(net->network.nat, what, &net->network.ports[shim->port].box, take_fd(passed), err);
}

static int set_policy(struct net *net, const struct shim *shim, const struct net_policy *policy, struct err *err) {
    if (shim->port < 0)
        return err_set(err, EPROTO, "a policy needs a box");
    return switch_set_policy(&net->network, (uint32_t)shim->port, policy, err);
}

static int add_link(struct net *net, const struct shim *shim, const struct net_link *what, int *passed,
                    struct err *err) {
    if (*passed < 0 || shim->port < 0)
        return err_set(err, EPROTO, "a link needs a box and a connection");
    return links_add(&net->network.links, (uint32_t)shim->port, what, take_fd(passed), err);
}

static int remove_link(struct net *net, const struct shim *shim, uint32_t id, struct err *err) {
    if (shim->port < 0)
        return err_set(err, EPROTO, "a link needs a box");
    return links_remove(&net->network.links, (uint32_t)shim->port, id, err);
}

static int set_rates(struct net *net, const struct shim *shim, const struct net_rates *rates, struct err *err) {
    if (shim->port < 0)
        return err_set(err, EPROTO, "caps need a box");
    return switch_set_rates(&net->network, (uint32_t)shim->port, rates, err);
}

static void gone(struct net *net, struct shim *shim) {
    if (shim->port >= 0)
        switch_remove(&net->network, (uint32_t)shim->port);
    close(shim->fd);
    *shim = (struct shim){.fd = -1, .port = -1};
}

void control_decided(const struct net *net, uint32_t port, const struct packet *packet, const struct verdict *verdict) {
    static uint64_t second;
    static uint32_t sent, left_out;
    uint64_t now = clock_ms() / 1000;
    if (now != second) {
        second = now;
        sent = 0;
    }
    if (sent == DECISIONS_PER_S) {
        left_out++;
        return;
    }
    struct net_decision decision = {.type = NET_DECISION,
                                    .allowed = verdict->allowed,
                                    .port = packet->destination_port,
                                    .rule = verdict->rule,
                                    .left_out = left_out,
                                    .address = packet->destination};
    decision.protocol = packet->kind == PACKET_TCP   ? IPPROTO_TCP
                        : packet->kind == PACKET_UDP ? IPPROTO_UDP
                                                     : IPPROTO_ICMP;
    if (verdict->name)
        snprintf(decision.name, sizeof decision.name, "%s", verdict->name);
    for (uint32_t i = 0; i < net->shim_count; i++)
        if (net->shims[i].fd >= 0 && net->shims[i].port == (int)port) {
            bool lost = send(net->shims[i].fd, &decision, sizeof decision, MSG_NOSIGNAL | MSG_DONTWAIT) < 0;
            left_out = lost ? left_out + 1 : 0;
            sent++;
        }
}

bool control_link_lost(const struct net *net, const struct link *link) {
    const struct net_unlink message = {.type = NET_LINK_LOST, .id = link->what.id};
    for (uint32_t i = 0; i < net->shim_count; i++)
        if (net->shims[i].fd >= 0 && net->shims[i].port == (int)link->port)
            return send(net->shims[i].fd, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
                   (errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM);
    return true;
}

void control_want_resolvers(struct net *net) {
    static const struct net_want_resolvers wanted = {.type = NET_WANT_RESOLVERS};
    for (uint32_t i = 0; i < net->shim_count; i++)
        if (net->shims[i].fd >= 0) {
            (void)!send(net->shims[i].fd, &wanted, sizeof wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
            return;
        }
}

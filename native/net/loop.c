#include "loop.h"

#include "control/control.h"

/* Places for poll(2): of shims, boxes, and the sockets of the host, as many as the jail admits. */
enum { MAX_FDS = MAX_SHIMS + MAX_PORTS + MAX_LINKS + MAX_NAMES_FDS + 4096 };

static size_t poll_shims(const struct net *net, struct pollfd *fds);
static void polled_shims(struct net *net, const struct pollfd *fds, size_t count);
static bool has_shim(const struct net *net);

void loop_run(struct net *net) {
    static struct pollfd fds[MAX_FDS];
    while (has_shim(net)) {
        int timeout_ms = -1;
        switch_refill(&net->network);
        size_t shims = poll_shims(net, fds);
        size_t boxes = switch_poll(&net->network, fds + shims);
        size_t links = links_poll(&net->network.links, fds + shims + boxes);
        size_t names = names_poll(&net->names, fds + shims + boxes + links, &timeout_ms);
        size_t before = shims + boxes + links + names;
        size_t sockets = nat_poll(net->network.nat, fds + before, MAX_FDS - before, &timeout_ms);
        switch_wait(&net->network, &timeout_ms);
        if (poll(fds, before + sockets, timeout_ms) < 0)
            for (size_t i = 0; i < before + sockets; i++)
                fds[i].revents = 0;
        switch_refill(&net->network);
        switch_polled(&net->network, fds + shims, boxes);
        links_polled(&net->network.links, fds + shims + boxes, links);
        names_polled(&net->names, fds + shims + boxes + links, names);
        nat_polled(net->network.nat, fds + before, sockets);
        /* Last: a message may open and close what the places above stand for. */
        polled_shims(net, fds, shims);
    }
}

static size_t poll_shims(const struct net *net, struct pollfd *fds) {
    for (uint32_t i = 0; i < net->shim_count; i++) {
        const struct shim *shim = &net->shims[i];
        bool has_news = shim->port >= 0 && links_have_news(&net->network.links, (uint32_t)shim->port);
        fds[i] = (struct pollfd){.fd = shim->fd, .events = (short)(POLLIN | (has_news ? POLLOUT : 0))};
    }
    return net->shim_count;
}

static void polled_shims(struct net *net, const struct pollfd *fds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents & POLLOUT)
            links_tell(&net->network.links, (uint32_t)net->shims[i].port);
        if (fds[i].revents & ~POLLOUT)
            (void)control_read(net, &net->shims[i]);
    }
}

static bool has_shim(const struct net *net) {
    for (uint32_t i = 0; i < net->shim_count; i++)
        if (net->shims[i].fd >= 0)
            return true;
    return false;
}

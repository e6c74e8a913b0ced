/* Stands in for boxlite-net. Usage: fake-net LOG MODE. Writes a line for each message into LOG and answers it. MODE is
 * `answer`, or what it does in place of its first answer: `refuse`, `die` or `hang`. SIGUSR1 makes it ask for the
 * resolvers, SIGUSR2 say that link 1 is lost, SIGHUP report 500 decisions. Port 666 of the box is refused in any mode. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net-control.h"

enum { DIED_STATUS = 3, REFUSED_PORT = 666, DECISIONS = 500 };

static FILE *out;

static void ask(int signal_number) {
    (void)signal_number;
    const struct net_want_resolvers message = {.type = NET_WANT_RESOLVERS};
    send(NET_CONTROL_FD, &message, sizeof message, 0);
}

static void lose(int signal_number) {
    (void)signal_number;
    const struct net_unlink message = {.type = NET_LINK_LOST, .id = 1};
    send(NET_CONTROL_FD, &message, sizeof message, 0);
}

static void report(int signal_number) {
    (void)signal_number;
    struct net_decision decision = {
        .type = NET_DECISION, .allowed = 1, .protocol = IPPROTO_TCP, .port = 443, .name = "a.test\x1b[31m"};
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &decision.address);
    for (int i = 0; i < DECISIONS; i++) {
        send(NET_CONTROL_FD, &decision, sizeof decision, 0);
        decision.rule = -1;
        decision.allowed = 0;
        memset(decision.name, 0, sizeof decision.name);
    }
}

static const char *text6(const struct in6_addr *address) {
    static char texts[4][INET6_ADDRSTRLEN];
    static unsigned next;
    return inet_ntop(AF_INET6, address, texts[next++ % 4], INET6_ADDRSTRLEN);
}

static void log_resolvers(const struct net_resolvers *message) {
    fprintf(out, "resolvers");
    for (uint32_t i = 0; i < message->count; i++) {
        const struct sockaddr_storage *server = &message->servers[i];
        char text[INET6_ADDRSTRLEN];
        const void *address = server->ss_family == AF_INET
                                  ? (const void *)&((const struct sockaddr_in *)server)->sin_addr
                                  : &((const struct sockaddr_in6 *)server)->sin6_addr;
        fprintf(out, " %s", inet_ntop(server->ss_family, address, text, sizeof text));
    }
    fprintf(out, "\n");
}

static void log_socket(const char *what, int fd) {
    struct sockaddr_in6 bound;
    socklen_t size = sizeof bound;
    int type = 0, listens = 0;
    socklen_t int_size = sizeof(int);
    getsockname(fd, (struct sockaddr *)&bound, &size);
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &int_size);
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_size);
    fprintf(out, "%s type=%d listens=%d family=%d port=%u\n", what, type, listens, bound.sin6_family,
            ntohs(bound.sin6_port));
}

/* Whether it is answered. */
static bool log_message(const void *message, ssize_t size, int fd) {
    char what[128];
    switch (*(const uint32_t *)message) {
    case NET_OPEN: {
        const struct net_open *open = message;
        fprintf(out, "open generation=%u user=%u %x/%u gateway=%x resolver=%x mtu=%u %s %s %s\n", open->generation,
                open->user, open->prefix, open->prefix_length, open->gateway, open->resolver, open->mtu,
                text6(&open->prefix6), text6(&open->gateway6), text6(&open->resolver6));
        return true;
    }
    case NET_PORT: {
        const struct net_port *port = message;
        snprintf(what, sizeof what, "port %x %s mac=%02x..%02x", port->address, text6(&port->address6), port->mac[0],
                 port->mac[5]);
        log_socket(what, fd);
        return true;
    }
    case NET_RESOLVERS:
        log_resolvers(message);
        return false;
    case NET_PUBLISH: {
        const struct net_publish *publish = message;
        snprintf(what, sizeof what, "publish %u protocol=%u box=%u", publish->id, publish->protocol, publish->box_port);
        log_socket(what, fd);
        return true;
    }
    case NET_UNPUBLISH:
        fprintf(out, "unpublish %u\n", ((const struct net_unpublish *)message)->id);
        return true;
    case NET_LINK: {
        const struct net_link *link = message;
        snprintf(what, sizeof what, "link %u %x/%u %x %s %s", link->id, link->prefix, link->prefix_length,
                 link->address, text6(&link->prefix6), text6(&link->address6));
        log_socket(what, fd);
        return true;
    }
    case NET_UNLINK:
        fprintf(out, "unlink %u\n", ((const struct net_unlink *)message)->id);
        return true;
    case NET_POLICY: {
        const struct net_policy *policy = message;
        fprintf(out, "policy mode=%u reports=%u", policy->mode, policy->reports);
        for (uint32_t i = 0; i < policy->host_port_count; i++)
            fprintf(out, " host:%u", policy->host_ports[i]);
        for (uint32_t i = 0; i < policy->rule_count; i++) {
            const struct net_rule *rule = &policy->rules[i];
            fprintf(out, " %u/%u/%u %s/%u:%u-%u[%s]", rule->denies, rule->kind, rule->protocol, text6(&rule->address),
                    rule->prefix_length, rule->first_port, rule->last_port, rule->name);
        }
        fprintf(out, " in %zd bytes\n", size);
        return true;
    }
    case NET_RATES: {
        const struct net_rates *rates = message;
        fprintf(out, "rates tx=%llu rx=%llu\n", (unsigned long long)rates->tx, (unsigned long long)rates->rx);
        return true;
    }
    default:
        fprintf(out, "unknown\n");
        return false;
    }
}

static ssize_t receive(void *message, size_t size, int *fd) {
    struct iovec part = {.iov_base = message, .iov_len = size};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr envelope = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.space};
    ssize_t n = recvmsg(NET_CONTROL_FD, &envelope, 0);
    *fd = -1;
    if (n > 0 && CMSG_FIRSTHDR(&envelope))
        memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&envelope)), sizeof *fd);
    return n;
}

int main(int argc, char **argv) {
    if (argc != 3 || !(out = fopen(argv[1], "we")))
        return 1;
    setvbuf(out, NULL, _IOLBF, 0);
    int signal_of_death = 0;
    prctl(PR_GET_PDEATHSIG, &signal_of_death);
    fprintf(out, "pid %d session %d dies by %d", (int)getpid(), getsid(0) == getpid(), signal_of_death);
    for (int fd = 0; fd < 1000; fd++)
        if (fd != fileno(out) && fcntl(fd, F_GETFD) >= 0)
            fprintf(out, " %d", fd);
    fprintf(out, "\n");
    const struct sigaction wake = {.sa_handler = ask};
    sigaction(SIGUSR1, &wake, NULL);
    const struct sigaction losing = {.sa_handler = lose};
    sigaction(SIGUSR2, &losing, NULL);
    const struct sigaction tell = {.sa_handler = report};
    sigaction(SIGHUP, &tell, NULL);
    for (;;) {
        static _Alignas(struct net_policy) char message[sizeof(struct net_policy)]; /* the largest */
        int fd;
        ssize_t n = receive(message, sizeof message, &fd);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        struct net_answer answer = {.type = NET_ANSWER};
        if (!log_message(message, n, fd))
            continue;
        if (strcmp(argv[2], "hang") == 0)
            continue;
        if (strcmp(argv[2], "die") == 0) {
            fprintf(stderr, "fake net: one\nfake net: no libslirp here\n");
            return DIED_STATUS;
        }
        if (strcmp(argv[2], "refuse") == 0) {
            answer.code = EPERM;
            snprintf(answer.text, sizeof answer.text, "enter the jail: Operation not permitted");
        }
        if (*(const uint32_t *)(const void *)message == NET_PUBLISH &&
            ((const struct net_publish *)(const void *)message)->box_port == REFUSED_PORT) {
            answer.code = EINVAL;
            snprintf(answer.text, sizeof answer.text, "port 666 can't be published");
            close(fd);
        }
        send(NET_CONTROL_FD, &answer, sizeof answer, MSG_NOSIGNAL);
    }
}

#include "hub.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/clock.h"
#include "../system/file-lock.h"
#include "hub-process.h"

enum outcome { JOINED, NOBODY, SILENT, FAILED };

static int open_directory(const struct config *config, const struct link_config *link, struct err *err);
static int lock(int directory, const struct link_config *link, unsigned ms, struct err *err);
static enum outcome try(int directory, const struct link_config *link, uint64_t until_ms, int *fd, struct err *err);
static int connect_to(int directory, const struct link_config *link, struct err *err);
static enum outcome hear(int fd, const struct link_config *link, uint64_t until_ms, struct err *err);
static int dismiss(int directory, const struct link_config *link, struct err *err);

/* The lock is held until the hub has answered: of two boxes one starts it, and a hub that ends with its last member at
 * the same time is replaced by the one whom it did not answer. */
int hub_join(const struct config *config, const struct link_config *link, unsigned lock_ms, unsigned answer_ms,
             bool replace, struct err *err) {
    int fd = -1;
    cleanup_fd int directory = open_directory(config, link, err);
    if (directory < 0)
        return -1;
    cleanup_fd int held = lock(directory, link, lock_ms, err);
    if (held < 0)
        return -1;
    uint64_t until_ms = clock_monotonic_ms() + answer_ms;
    enum outcome outcome = try(directory, link, until_ms, &fd, err);
    if (outcome == SILENT && replace) {
        if (dismiss(directory, link, err))
            return -1;
        outcome = NOBODY;
        until_ms = clock_monotonic_ms() + answer_ms;
    }
    if (outcome == NOBODY) {
        if (hub_process_start(config, directory, err))
            return -1;
        outcome = try(directory, link, until_ms, &fd, err);
    }
    if (outcome == NOBODY)
        hub_process_epitaph(directory, err);
    return outcome == JOINED ? fd : -1;
}

static int open_directory(const struct config *config, const struct link_config *link, struct err *err) {
    const char *all = config->net.network_directory;
    if (mkdir(all, 0700) && errno != EEXIST)
        return err_errno(err, "make %.150s", all);
    cleanup_fd int parent = open(all, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return err_errno(err, "open %.150s", all);
    if (mkdirat(parent, link->network, 0700) && errno != EEXIST)
        return err_errno(err, "make the directory of network %.12s", link->network);
    int directory = openat(parent, link->network, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return directory < 0 ? err_errno(err, "open the directory of network %.12s", link->network) : directory;
}

static int lock(int directory, const struct link_config *link, unsigned ms, struct err *err) {
    cleanup_fd int fd = openat(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && file_lock(fd, ms) == 0)
        return take_fd(&fd);
    return err_errno(err, "lock network %.12s", link->network);
}

/* NOBODY: none listens, or who did has ended before its answer. */
static enum outcome try(int directory, const struct link_config *link, uint64_t until_ms, int *fd, struct err *err) {
    cleanup_fd int connection = connect_to(directory, link, err);
    if (connection < 0)
        return errno == ENOENT || errno == ECONNREFUSED ? NOBODY : FAILED;
    struct hub_member message = {.type = HUB_JOIN,
                                 .generation = HUB_GENERATION,
                                 .address = link->address,
                                 .address6 = link->address6,
                                 .names_size = (uint16_t)strlen(link->names)};
    memcpy(message.names, link->names, message.names_size);
    size_t size = offsetof(struct hub_member, names) + message.names_size;
    if (send(connection, &message, size, MSG_NOSIGNAL) < 0)
        return NOBODY;
    enum outcome outcome = hear(connection, link, until_ms, err);
    if (outcome == JOINED)
        *fd = take_fd(&connection);
    return outcome;
}

static int connect_to(int directory, const struct link_config *link, struct err *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    hub_process_socket(directory, &address);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return take_fd(&fd);
    int code = errno;
    err_errno(err, "connect to the hub of network %.12s", link->network);
    errno = code; /* which closing leaves as it is */
    return -1;
}

static enum outcome hear(int fd, const struct link_config *link, uint64_t until_ms, struct err *err) {
    struct hub_answer answer = {0};
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    uint64_t now;
    while ((now = clock_monotonic_ms()) < until_ms && poll(&waited, 1, (int)(until_ms - now)) < 0)
        ;
    ssize_t size = recv(fd, &answer, sizeof answer, MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return NOBODY;
    if (size < 0)
        return err_set(err, ETIMEDOUT, "the hub of network %.12s does not answer", link->network), SILENT;
    else if (size != (ssize_t)sizeof answer || answer.type != HUB_ANSWER)
        err_set(err, EPROTO, "the hub of network %.12s is of another version of BoxLite", link->network);
    else if (answer.code)
        err_set(err, answer.code, "join network %.12s: %.*s", link->network, HUB_MAX_TEXT - 1, answer.text);
    else
        return JOINED;
    return FAILED;
}

/* It finds this when it goes on, so that its members do not stay apart from the new one's. By a connection of its own:
 * behind a JOIN it would be a member's. */
static int dismiss(int directory, const struct link_config *link, struct err *err) {
    const struct hub_replaced message = {.type = HUB_REPLACED};
    cleanup_fd int fd = connect_to(directory, link, err);
    if (fd < 0)
        return errno == ECONNREFUSED ? 0 : -1;
    return send(fd, &message, sizeof message, MSG_NOSIGNAL) < 0 ? err_errno(err, "dismiss the hub") : 0;
}

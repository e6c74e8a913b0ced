#include "hub-process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../vmm/ids.h"

enum { BACKLOG = 128, FAILED_STATUS = 127 };

static int listen_in(int directory, struct err *err);
_Noreturn static void run(const struct config *config, uint32_t user, int ids, int listening, int log);
static int detach(int ids, int listening, int log);

int hub_process_start(const struct config *config, int directory, struct err *err) {
    uint32_t user;
    cleanup_fd int ids = -1;
    cleanup_fd int listening = listen_in(directory, err);
    if (listening < 0 || vmm_ids_take(config, &user, &ids, err))
        return -1;
    cleanup_fd int log = openat(directory, "hub.log", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log < 0)
        return err_errno(err, "make hub.log");
    pid_t pid = fork();
    /* The child of a child has no parent that it would have to outlive, or that would have to wait for it. */
    if (pid == 0) {
        pid = fork();
        if (pid == 0)
            run(config, user, ids, listening, log);
        _exit(pid < 0 ? FAILED_STATUS : 0);
    }
    if (pid < 0)
        return err_errno(err, "can't start boxlite-hub");
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

void hub_process_socket(int directory, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/hub.sock", directory);
}

static int listen_in(int directory, struct err *err) {
    struct sockaddr_un address;
    hub_process_socket(directory, &address);
    if (unlinkat(directory, "hub.sock", 0) && errno != ENOENT)
        return err_errno(err, "remove the old hub.sock");
    cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) || listen(fd, BACKLOG))
        return err_errno(err, "listen on hub.sock");
    return take_fd(&fd);
}

int hub_process_epitaph(int directory, struct err *err) {
    char words[160];
    cleanup_fd int log = openat(directory, "hub.log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t size = log < 0 ? 0 : read(log, words, sizeof words - 1);
    words[size > 0 ? size : 0] = 0;
    words[strcspn(words, "\n")] = 0;
    return err_set(err, EPIPE, "boxlite-hub has ended%s%s", *words ? ": " : "", words);
}

static void run(const struct config *config, uint32_t user, int ids, int listening, int log) {
    char id[16];
    snprintf(id, sizeof id, "%u", user);
    char *argv[] = {(char[]){"boxlite-hub"}, user == UNCHANGED_ID ? NULL : id, NULL};
    char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LC_ALL=C"}, NULL};
    if (detach(ids, listening, log) == 0)
        execve(config->net.hub_program, argv, env);
    dprintf(STDERR_FILENO, "can't run %s: %s\n", config->net.hub_program, strerror(errno));
    _exit(FAILED_STATUS);
}

/* As boxlite-net in child.c, but that it does not die with the shim. */
static int detach(int ids, int listening, int log) {
    static const struct rlimit no_core = {0, 0};
    sigset_t none;
    sigemptyset(&none);
    if (dup2(log, STDERR_FILENO) < 0 || setsid() < 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR ||
        sigprocmask(SIG_SETMASK, &none, NULL) || chdir("/") || setrlimit(RLIMIT_CORE, &no_core))
        return -1;
    /* Out of the way of both numbers: where it has its number already, dup2 would leave it to be closed. */
    listening = fcntl(listening, F_DUPFD_CLOEXEC, HUB_USER_FD + 1);
    if (ids >= 0 && (ids = fcntl(ids, F_DUPFD_CLOEXEC, HUB_USER_FD + 1)) < 0)
        return -1;
    if (listening < 0 || dup2(listening, HUB_LISTEN_FD) < 0 || (ids >= 0 && dup2(ids, HUB_USER_FD) < 0))
        return -1;
    return close_range(ids < 0 ? HUB_USER_FD : HUB_USER_FD + 1, ~0U, 0);
}

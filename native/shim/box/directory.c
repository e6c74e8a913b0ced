#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/file-lock.h"

#define SHIM_SOCKET "shim.sock"
#define QMP_SOCKET "qmp.sock"

enum { BACKLOG = 128, RELEASE_MS = 5000 };

static int listen_at(const char *name, int *fd, struct err *err);

int directory_claim(struct shim *shim, struct err *err) {
    const char *path = shim->config.directory;
    if (chdir(path))
        return err_errno(err, "change to %.150s", path);
    shim->lock_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (shim->lock_fd < 0)
        return err_errno(err, "open %.150s", path);
    /* Only a lock decides between two shims that both find a stale socket. A shim whose socket is gone is about to
     * release the lock: it removes the socket first, and our starter has seen no more than that. */
    if (file_lock(shim->lock_fd, access(SHIM_SOCKET, F_OK) ? RELEASE_MS : 0) == 0)
        return 0;
    int result = errno == EWOULDBLOCK ? err_set(err, EBUSY, "another shim runs in %.150s", path)
                                      : err_errno(err, "lock %.150s", path);
    close(take_fd(&shim->lock_fd));
    return result;
}

int directory_listen(struct shim *shim, struct err *err) {
    return listen_at(SHIM_SOCKET, &shim->listen_fd, err) || listen_at(QMP_SOCKET, &shim->qmp_fd, err) ? -1 : 0;
}

void directory_release(struct shim *shim) {
    unlink(SHIM_SOCKET);
    unlink(QMP_SOCKET);
    if (shim->listen_fd >= 0)
        close(shim->listen_fd);
    shim->listen_fd = -1;
    close(shim->lock_fd);
    shim->lock_fd = -1;
}

static int listen_at(const char *name, int *fd, struct err *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    if (unlink(name) && errno != ENOENT)
        return err_errno(err, "remove the old %s", name);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0 || bind(*fd, (const struct sockaddr *)&address, sizeof address))
        return err_errno(err, "make %s", name);
    /* Before it listens, so that there is no moment in which another user could connect. */
    if (chmod(name, 0600) || listen(*fd, BACKLOG))
        return err_errno(err, "listen on %s", name);
    return 0;
}

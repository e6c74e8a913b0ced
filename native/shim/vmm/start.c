#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../jail/run.h"
#include "../jail/view/namespaces.h"
#include "../system/file-lock.h"
#include "../system/watch.h"
#include "bounds.h"
#include "ids.h"

/* A killed VMM finishes its last writes in this time. */
enum { RELEASE_MS = 5000 };

/* The child's ends, which the shim closes once the child runs. */
struct child_ends {
    int fds[MAX_PLACED + 1];
    uint32_t count;
};

static int gather(struct shim *shim, struct jail *jail, struct child_ends *ends, struct err *err);
static int make_share_namespace(struct jail *jail, struct child_ends *ends, struct err *err);
static int make_channel(int *ours, int theirs_number, struct jail *jail, struct child_ends *ends);
static int make_output_pipe(int *ours, struct jail *jail, struct child_ends *ends);
static int open_file(const struct passed_file *file, struct jail *jail, struct child_ends *ends, struct err *err);
static int lock_disk(int fd, const char *path, struct err *err);
static void place(struct jail *jail, struct child_ends *ends, int from, int to);
static int start(struct shim *shim, struct jail *jail, struct err *err);
static int try(struct shim *shim, struct jail *jail, struct jail_failure *failure);
static size_t read_answer(int fd, uint8_t *to, size_t size);
static bool may_do_without(struct shim *shim, struct jail *jail, struct jail_failure *failure);
static int watch(struct shim *shim, struct err *err);
static void close_ends(struct child_ends *ends);

int vmm_start(struct shim *shim, struct err *err) {
    struct jail jail = {
        .config = &shim->config, .walls = shim->config.walls, .root = -1, .group = -1, .share_namespace = -1};
    jail.caller_user = geteuid();
    jail.caller_group = getegid();
    __attribute__((cleanup(close_ends))) struct child_ends ends = {0};
    shim->stage = BL_STAGE_JAIL;
    if (vmm_ids_take(&shim->config, &jail.id, &shim->vmm.ids_fd, err) || gather(shim, &jail, &ends, err) ||
        make_share_namespace(&jail, &ends, err) || start(shim, &jail, err))
        return -1;
    shim->stage = BL_STAGE_VMM;
    return watch(shim, err);
}

static int gather(struct shim *shim, struct jail *jail, struct child_ends *ends, struct err *err) {
    struct config *config = &shim->config;
    if (make_channel(&shim->vmm.port_fd, config->port_fd, jail, ends) ||
        make_channel(&shim->vmm.console_fd, config->console_fd, jail, ends) ||
        make_output_pipe(&shim->vmm.output_fd, jail, ends))
        return err_errno(err, "can't make the VMM's channels");
    place(jail, ends, take_fd(&shim->qmp_fd), config->qmp_fd);
    if (shim->net.frames_fd >= 0)
        place(jail, ends, take_fd(&shim->net.frames_fd), config->net.vmm_fd);
    for (uint32_t i = 0; i < config->file_count; i++)
        if (open_file(&config->files[i], jail, ends, err))
            return -1;
    if (!*config->preload)
        return 0;
    struct passed_file preload = {.fd = PRELOAD_FD, .flags = BL_SHIM_FILE_READ, .path = config->preload};
    return open_file(&preload, jail, ends, err);
}

static int make_share_namespace(struct jail *jail, struct child_ends *ends, struct err *err) {
    if (jail->id == UNCHANGED_ID || !config_mounts_shares(jail->config))
        return 0;
    jail->share_namespace = namespaces_for_shares(jail->id, err);
    if (jail->share_namespace < 0)
        return -1;
    ends->fds[ends->count++] = jail->share_namespace;
    return 0;
}

static int make_channel(int *ours, int theirs_number, struct jail *jail, struct child_ends *ends) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return -1;
    *ours = pair[0];
    place(jail, ends, pair[1], theirs_number);
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int make_output_pipe(int *ours, struct jail *jail, struct child_ends *ends) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC))
        return -1;
    *ours = pair[0];
    place(jail, ends, pair[1], STDERR_FILENO);
    jail->fds[jail->fd_count++] = (struct placed_fd){.from = pair[1], .to = STDOUT_FILENO};
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

/* The shim opens it with its own rights, so that the VMM needs none to any path. */
static int open_file(const struct passed_file *file, struct jail *jail, struct child_ends *ends, struct err *err) {
    int fd = open(file->path, (file->flags == BL_SHIM_FILE_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "open %.150s", file->path);
    place(jail, ends, fd, file->fd);
    return file->flags == BL_SHIM_FILE_WRITE ? lock_disk(fd, file->path, err) : 0;
}

/* A killed shim takes its VMM along, but not in the same instant: the VMM, which inherits the open file, holds the
 * lock until it has ended. QEMU's own locks need paths, and its files are descriptors. */
static int lock_disk(int fd, const char *path, struct err *err) {
    struct stat about;
    if (fstat(fd, &about))
        return err_errno(err, "look at %.150s", path);
    if (!S_ISREG(about.st_mode) || file_lock(fd, RELEASE_MS) == 0)
        return 0;
    return errno == EWOULDBLOCK ? err_set(err, EBUSY, "another virtual machine has %.150s open", path)
                                : err_errno(err, "lock %.150s", path);
}

static void place(struct jail *jail, struct child_ends *ends, int from, int to) {
    jail->fds[jail->fd_count++] = (struct placed_fd){.from = from, .to = to};
    ends->fds[ends->count++] = from;
}

/* The host may refuse a wall; only trying tells. Each refusal is one more try. */
static int start(struct shim *shim, struct jail *jail, struct err *err) {
    bool bounded = jail->walls & BL_WALL_CGROUP;
    for (;;) {
        struct jail_failure failure = {.stage = BL_STAGE_JAIL};
        if (bounded && bounds_make(shim, jail, &failure.err)) {
            failure.wall = BL_WALL_CGROUP;
        } else if (try(shim, jail, &failure) == 0) {
            bounds_settle(shim, jail);
            return 0;
        }
        bounded = false;
        shim->stage = failure.stage;
        if (!may_do_without(shim, jail, &failure)) {
            *err = failure.err;
            return -1;
        }
    }
}

static int try(struct shim *shim, struct jail *jail, struct jail_failure *failure) {
    int report[2];
    if (pipe2(report, O_CLOEXEC))
        return err_errno(&failure->err, "can't make a pipe for the VMM");
    cleanup_fd int ours = report[0];
    jail->report_fd = report[1];
    pid_t pid = namespaces_fork(jail);
    if (pid == 0) {
        close(take_fd(&ours));
        jail_run(jail);
    }
    int code = errno;
    close(report[1]);
    if (pid < 0 && bounds_refused(jail, code)) {
        failure->wall = BL_WALL_CGROUP;
        errno = code;
        return err_errno(&failure->err, "can't start the VMM in %.150s", shim->vmm.group.path);
    }
    if (pid < 0) {
        failure->wall = jail->walls & BL_WALL_NAMESPACES;
        if (code == ENOSPC || code == EUSERS)
            return err_set(&failure->err, code, "this host allows no more namespaces (sysctl user.max_*_namespaces)");
        errno = code;
        return err_errno(&failure->err,
                         failure->wall ? "can't make namespaces for the VMM" : "can't start a process for the VMM");
    }
    /* A successful exec closes the child's end: that answers whether it runs without a time-out. */
    uint8_t answer[JAIL_MARK_BYTES + sizeof *failure];
    size_t n = read_answer(ours, answer, sizeof answer);
    if (n == JAIL_MARK_BYTES) {
        shim->vmm.pid = pid;
        shim->vmm.walls = jail->walls;
        shim->vmm.inherited_filters = self_filters();
        process_files_open(pid, &shim->vmm.files);
        return 0;
    }
    int status;
    waitpid(pid, &status, 0);
    if (n == sizeof *failure || n == sizeof answer) {
        memcpy(failure, answer + (n - sizeof *failure), sizeof *failure);
        return -1;
    }
    /* A filter that the shim is under may kill whoever mounts. */
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        failure->wall = jail->walls & BL_WALL_NAMESPACES;
        return err_set(&failure->err, EPERM,
                       "a filter of system calls that BoxLite runs under ends what the jail does");
    }
    return err_set(&failure->err, EIO, "the VMM's jail ended without a word");
}

/* Until the other end has closed. */
static size_t read_answer(int fd, uint8_t *to, size_t size) {
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, to + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* What a host says that does not know a wall, or that keeps it from this user. Want of memory is not among it. */
static bool may_do_without(struct shim *shim, struct jail *jail, struct jail_failure *failure) {
    static const int refusals[] = {EPERM, EACCES, ENOSYS, EINVAL, ENOSPC, EUSERS, EOPNOTSUPP, ENODEV, ENOENT};
    bool refused = failure->wall == BL_WALL_CGROUP;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        refused = refused || failure->err.code == refusals[i];
    uint32_t walls = failure->wall;
    if (walls & BL_WALL_NAMESPACES)
        walls |= jail->walls & BL_WALL_ROOT;
    if (!refused || !walls)
        return false;
    if (walls & shim->config.needed_walls) {
        struct err *err = &failure->err;
        char why[sizeof err->msg];
        memcpy(why, err->msg, sizeof why);
        err_set(err, err->code, "this box needs a wall around its VMM that the host refuses: %.160s", why);
        return false;
    }
    struct vmm *vmm = &shim->vmm;
    for (uint32_t wall = 1; wall <= walls && vmm->refused_count < MAX_REFUSALS; wall <<= 1)
        if (walls & wall)
            vmm->refused[vmm->refused_count++] = (struct refusal){.wall = wall, .err = failure->err};
    jail->walls &= ~walls;
    return true;
}

static int watch(struct shim *shim, struct err *err) {
    const struct vmm *vmm = &shim->vmm;
    if (watch_add(&shim->watch, vmm->port_fd, ON_PORT, 0, EPOLLIN) ||
        watch_add(&shim->watch, vmm->console_fd, ON_CONSOLE, 0, EPOLLIN) ||
        watch_add(&shim->watch, vmm->output_fd, ON_VMM_OUTPUT, 0, EPOLLIN))
        return err_errno(err, "watch the VMM's channels");
    return 0;
}

static void close_ends(struct child_ends *ends) {
    for (uint32_t i = 0; i < ends->count; i++)
        close(ends->fds[i]);
}

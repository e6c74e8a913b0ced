#include "box-archive.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../archive/command.h"
#include "../../archive/pack/pack.h"
#include "../../protocol/protocol.h"
#include "../proc/report.h"
#include "../proc/spawn.h"
#include "../system/root.h"
#include "../volume/volume-place.h"
#include "cgroup.h"
#include "changes.h"

static int write_archive(int out, uint32_t flags, struct err *err);
static bool is_of_volume(const struct exec_request *request);
static bool only_in_skeleton(const char *name);
static bool exists(const char *root, const char *name);

_Noreturn void box_archive(int out, int error, int report, uint32_t flags) {
    struct err err;
    setsid(); /* a session is ended by its group */
    report_starting(report);
    /* As an execve would close them: while we held another session's stdin, its command would not see its end. */
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0u, 0))
        _exit(1);
    if (write_archive(STDOUT_FILENO, flags, &err) == 0)
        _exit(0);
    dprintf(STDERR_FILENO, "%s\n", err.msg);
    _exit(1);
}

_Noreturn void box_copy(const struct box *box, const struct exec_request *request, int stream, int error, int report) {
    struct err err;
    bool packs = request->flags & BL_EXEC_PACK;
    int to = packs ? STDOUT_FILENO : STDIN_FILENO;
    setsid();
    spawn_expendable(0);
    /* A volume is reached where the agent has mounted it: whatever the box has mounted there means nothing. */
    if (is_of_volume(request)) {
        request->argv[1] = "within";
        request->argv[2] = volume_place(request->argv[2], VOLUME_DATA);
    } else if (setns(box->pidfd, CLONE_NEWNS)) {
        err_errno(&err, "can't enter the box's mounts");
        report_failed(report, BL_STAGE_EXEC, &err);
    }
    report_starting(report);
    if (dup2(stream, to) < 0 || dup2(error, STDERR_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0u, 0))
        _exit(1);
    close(packs ? STDIN_FILENO : STDOUT_FILENO);
    _exit(archive_command(request->argv, request->arg_count, to, STDERR_FILENO));
}

static bool is_of_volume(const struct exec_request *request) {
    return request->arg_count > 2 && strcmp(request->argv[1], "volume") == 0 &&
           volume_serial_is_sound(request->argv[2]);
}

static int write_archive(int out, uint32_t flags, struct err *err) {
    static char buffer[65536];
    int root = open(ROOT_OVERLAY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FILE *stream = root < 0 ? NULL : fdopen(out, "w");
    if (!stream)
        return err_errno(err, "can't open the box's file system");
    setvbuf(stream, buffer, _IOFBF, sizeof buffer);
    if ((flags & BL_EXEC_FREEZE) && cgroup_await_frozen(err))
        return -1;
    if (flags & BL_EXEC_CHANGES)
        return changes_list(stream, err);
    if (flags & BL_EXEC_LAYER)
        return changes_layer(stream, err);
    const struct pack_options options = {.unwanted = only_in_skeleton, .attributes = true};
    struct totals totals = {0};
    return pack_tree(stream, root, &options, &totals, err);
}

static bool is_of_volume(const struct exec_request *request);
static bool only_in_skeleton(const char *name) {
    return (exists(ROOT_SKELETON, name) || exists(ROOT_POINTS, name)) && !exists(ROOT_IMAGE, name) &&
           !exists(ROOT_DISK "/upper", name);
}

static bool exists(const char *root, const char *name) {
    char path[PATH_MAX];
    struct stat st;
    /* No name of ours is longer. */
    return (size_t)snprintf(path, sizeof path, "%s/%s", root, name) < sizeof path && lstat(path, &st) == 0;
}

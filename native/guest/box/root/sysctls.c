#include "sysctls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../../common/cleanup.h"
#include "../../proc/own-proc.h"

static int write_one(int proc, const struct setting *sysctl, struct err *err);

int sysctls_write(const struct bootstrap *message, struct err *err) {
    if (message->sysctl_count == 0)
        return 0;
    cleanup_fd int proc = own_proc_open(err);
    if (proc < 0)
        return -1;
    for (uint32_t i = 0; i < message->sysctl_count; i++)
        if (write_one(proc, &message->sysctls[i], err))
            return -1;
    return 0;
}

/* "sys/" and the name stay below /proc/sys: the path is followed without "..". */
static int write_one(int proc, const struct setting *sysctl, struct err *err) {
    char path[256];
    if (strstr(sysctl->name, ".."))
        return err_set(err, EINVAL, "\"%.150s\" is no name of a sysctl", sysctl->name);
    if ((size_t)snprintf(path, sizeof path, "sys/%s", sysctl->name) >= sizeof path)
        return err_set(err, ENAMETOOLONG, "the name of a sysctl is too long: %.150s", sysctl->name);
    if (own_proc_write(proc, path, sysctl->value, err) == 0)
        return 0;
    if (err->code == ENOENT)
        return err_set(err, ENOENT, "the kernel of the box has no sysctl %.150s", sysctl->name);
    return -1;
}
